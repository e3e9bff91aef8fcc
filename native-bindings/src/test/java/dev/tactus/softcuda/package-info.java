/** Tests of softcuda itself: that it computes what kernels say, and that no planted fault gets past it. */
package dev.tactus.softcuda;
