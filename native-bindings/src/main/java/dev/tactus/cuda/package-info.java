/**
 * The CUDA driver API behind typed handles: who opens closes, one OS thread calls, an error names its call. The
 * generated bindings lie in {@code ffi} and are seen here only.
 */
package dev.tactus.cuda;
