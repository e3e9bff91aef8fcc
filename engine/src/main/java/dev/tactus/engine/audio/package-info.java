/** Sound in and out: WAV files and pipes, conversion to the model's 16 kHz, and the dMel bins of a 50 ms slot. */
package dev.tactus.engine.audio;
