/** The EXACT class through the Vector API: the portable default on a CPU. */
package dev.tactus.kernel.vector;
