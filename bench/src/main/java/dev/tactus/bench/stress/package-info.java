/**
 * Stress tests (jcstress) of what two threads hand each other: media slots, ring records, session indexes, seals and
 * speech. Each says why an outcome is allowed or forbidden.
 */
package dev.tactus.bench.stress;
