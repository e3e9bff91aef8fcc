package dev.tactus.engine.model;

/**
 * Addresses of the constant tables a program reads.
 *
 * @param hann [1600]
 * @param cos [801, 801]
 * @param sin [801, 799]
 * @param filters [mels, 801]
 * @param thresholds rising, one fewer than there are levels
 * @param thresholdCount how many
 * @param pixels [3, 256]
 * @param vocoder those of {@link dev.tactus.kernel.vocoder.VocoderTables}
 */
public record ProgramTables(
        long hann, long cos, long sin, long filters, long thresholds, int thresholdCount, long pixels, long vocoder) {}
