/** The CUDA kernels: their module, and for every op a launch that is checked once and then only launched. */
package dev.tactus.kernel.cuda;
