/** What a GPU does: every kernel alone, launches of graphs, and whole ticks, beside what was wanted of them. */
package dev.tactus.bench.gpu;
