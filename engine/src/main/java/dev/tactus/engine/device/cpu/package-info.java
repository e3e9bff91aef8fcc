/** The CPU backend: interprets the step program with a kernel set, on a device thread and its workers. */
package dev.tactus.engine.device.cpu;
