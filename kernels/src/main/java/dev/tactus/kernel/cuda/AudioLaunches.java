package dev.tactus.kernel.cuda;

import static dev.tactus.kernel.cuda.LaunchBuilder.blocks;
import static dev.tactus.kernel.cuda.LaunchBuilder.requireBuffers;
import static dev.tactus.kernel.cuda.LaunchBuilder.requirePositive;

/**
 * Launches of hearing ({@code audio.cuh}): samples to dMel bins to position vectors. Rows are the pass's audio sources;
 * all addresses are device addresses, and those in columns too.
 */
public final class AudioLaunches {
    private static final int BLOCK = 256;
    private static final int WARPS = 8;
    private static final int BANDS = 801;
    private static final int SPECTRUM_TILE = 4;

    private final CudaKernels kernels;

    /** Launches of these kernels. */
    public AudioLaunches(final CudaKernels kernels) {
        this.kernels = kernels;
    }

    /**
     * Windows and folds slots of samples, those whose bins are not known.
     *
     * @param left int64 per source: address of the 800 samples before the slot, 0 for silence
     * @param right int64 per source: address of the slot's 800 samples
     * @param known int64 per source: address of its bins, 0 when they are computed
     * @param hann [1600]
     * @param even out [sources, 801]
     * @param odd out [sources, 799]
     */
    public CudaLaunch melFold(
            final long left,
            final long right,
            final long known,
            final long hann,
            final long even,
            final long odd,
            final CudaRows sources) {
        requireBuffers("mel fold", left, right, known, hann, even, odd);
        return new LaunchBuilder(kernels, "tactus_mel_fold")
                .address(left)
                .address(right)
                .address(known)
                .address(hann)
                .address(even)
                .address(odd)
                .address(sources.count())
                .build(sources.most(), BLOCK, 0);
    }

    /**
     * Magnitudes of the spectrum.
     *
     * @param even [sources, 801]
     * @param odd [sources, 799]
     * @param cosines [801, 801]
     * @param sines [801, 799]
     * @param magnitude out [sources, 801]
     */
    public CudaLaunch melSpectrum(
            final long even,
            final long odd,
            final long cosines,
            final long sines,
            final long magnitude,
            final CudaRows sources) {
        requireBuffers("mel spectrum", even, odd, cosines, sines, magnitude);
        return new LaunchBuilder(kernels, "tactus_mel_spectrum")
                .address(even)
                .address(odd)
                .address(cosines)
                .address(sines)
                .address(magnitude)
                .address(sources.count())
                .build(blocks(BANDS, WARPS), blocks(sources.most(), SPECTRUM_TILE), BLOCK, 0);
    }

    /**
     * Bins of the mel energies, or the known ones.
     *
     * @param known int64 per source: address of its bins int32 [mels], 0 when they are computed
     * @param magnitude [sources, 801]
     * @param filters [mels, 801]
     * @param thresholds rising
     * @param bins out int32 [sources, mels]
     */
    public CudaLaunch melBins(
            final long known,
            final long magnitude,
            final long filters,
            final long thresholds,
            final int thresholdCount,
            final long bins,
            final int mels,
            final CudaRows sources) {
        requireBuffers("mel bins", known, magnitude, filters, thresholds, bins);
        requirePositive("mel bins", thresholdCount, mels);
        return new LaunchBuilder(kernels, "tactus_mel_bins")
                .address(known)
                .address(magnitude)
                .address(filters)
                .address(thresholds)
                .integer(thresholdCount)
                .address(bins)
                .integer(mels)
                .address(sources.count())
                .build(blocks(mels, WARPS), sources.most(), BLOCK, 0);
    }

    /**
     * Position vectors: the sum of the rows that bins choose, normed.
     *
     * @param bins int32 [sources, mels]
     * @param table [mels · levels, d]
     * @param norm [d]
     * @param y out [sources, d]
     * @throws IllegalArgumentException when {@code mels} does not divide the table's rows
     */
    public CudaLaunch audioBag(
            final long bins,
            final CudaMatrix table,
            final long norm,
            final float eps,
            final long y,
            final int mels,
            final CudaRows sources) {
        requireBuffers("audio bag", bins, norm, y);
        requirePositive("audio bag", mels);
        LaunchBuilder.require(
                table.rows() % mels == 0,
                () -> "audio bag: " + table.rows() + " rows of the table for " + mels + " mels: expected a multiple");
        return new LaunchBuilder(kernels, "tactus_audio_bag" + table.suffix())
                .address(bins)
                .address(table.address())
                .address(norm)
                .real(eps)
                .address(y)
                .integer(mels)
                .integer(table.rows() / mels)
                .integer(table.cols())
                .address(sources.count())
                .build(sources.most(), BLOCK, table.cols() * Float.BYTES);
    }
}
