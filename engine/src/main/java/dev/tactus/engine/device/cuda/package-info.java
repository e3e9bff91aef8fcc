/** The GPU as a device of the engine: memory, the step program as CUDA graphs, and the backend that launches them. */
package dev.tactus.engine.device.cuda;
