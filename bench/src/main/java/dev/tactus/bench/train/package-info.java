/** Measures a training step by its stages, as shares of what the machine can compute, and the memory it takes. */
package dev.tactus.bench.train;
