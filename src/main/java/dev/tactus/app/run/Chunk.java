package dev.tactus.app.run;

/**
 * Text that is typed at once.
 *
 * @param timeNs when, after the start
 * @param ids its token ids
 */
record Chunk(long timeNs, int[] ids) {}
