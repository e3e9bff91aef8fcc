/** The C kernels: the native library, what instruction sets it may use here, and its ops as a kernel set. */
package dev.tactus.kernel.c;
