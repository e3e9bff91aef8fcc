package dev.tactus.app.run;

/**
 * A letterboxed picture.
 *
 * @param timeNs when it is shown, after the start
 * @param rgb [height, width, 3] bytes as a session's slot takes them
 */
record Frame(long timeNs, byte[] rgb) {}
