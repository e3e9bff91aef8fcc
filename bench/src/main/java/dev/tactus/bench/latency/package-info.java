/** Measures ticks of a whole engine: how long they last, what the time goes to, what they allocate and stream. */
package dev.tactus.bench.latency;
