/**
 * Pictures in: Y4M streams and image sequences, letterboxed into media slots, and the pixel table of the vision tower.
 */
package dev.tactus.engine.video;
