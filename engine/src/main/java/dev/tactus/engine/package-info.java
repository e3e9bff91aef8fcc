/** The engine as its users see it: context, engine, sessions; and the executor that joins beat, plan and device. */
package dev.tactus.engine;
