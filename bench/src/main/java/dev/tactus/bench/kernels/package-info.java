/** Measures kernels one by one, as shares of what the machine can read and compute at most. */
package dev.tactus.bench.kernels;
