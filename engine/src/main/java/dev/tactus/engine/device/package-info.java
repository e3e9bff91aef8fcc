/** The port to a device: the plan of a tick, the rows of a pass, what comes out, and the backend that runs it. */
package dev.tactus.engine.device;
