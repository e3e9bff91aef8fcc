package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.memory.OffHeap;

/** From audio slots to position vectors. Units are audio sources. */
final class MelOps {
    private static final int EVEN = 801;
    private static final int ODD = 799;

    private MelOps() {}

    private abstract static class AudioOp extends CpuOp {
        @Override
        int units(final CpuPass pass) {
            return pass.count(RowSpace.AUDIO);
        }
    }

    /** Window and fold. */
    static final class Fold extends AudioOp {
        private final long hann;
        private final long even;
        private final long odd;

        Fold(final long hann, final long even, final long odd) {
            this.hann = hann;
            this.even = even;
            this.odd = odd;
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            for (int i = from; i < to; i++) {
                if (pass.plan.audioBins(i) == 0) {
                    pass.kernels.melFold(
                            pass.plan.audioLeft(i),
                            pass.plan.audioRight(i),
                            hann,
                            even + (long) i * EVEN * Float.BYTES,
                            odd + (long) i * ODD * Float.BYTES);
                }
            }
        }
    }

    /** Magnitudes. */
    static final class Magnitude extends AudioOp {
        private final long re;
        private final long im;
        private final long magnitude;
        private final int columns;

        Magnitude(final long re, final long im, final long magnitude, final int columns) {
            this.re = re;
            this.im = im;
            this.magnitude = magnitude;
            this.columns = columns;
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final long first = (long) from * columns * Float.BYTES;
            pass.kernels.melMagnitude(re + first, im + first, magnitude + first, (to - from) * columns);
        }
    }

    /** Bins. */
    static final class Bin extends AudioOp {
        private final long mel;
        private final long thresholds;
        private final int thresholdCount;
        private final long bins;
        private final int mels;

        Bin(final long mel, final long thresholds, final int thresholdCount, final long bins, final int mels) {
            this.mel = mel;
            this.thresholds = thresholds;
            this.thresholdCount = thresholdCount;
            this.bins = bins;
            this.mels = mels;
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final long bytes = (long) mels * Integer.BYTES;
            for (int i = from; i < to; i++) {
                final long given = pass.plan.audioBins(i);
                if (given != 0) {
                    OffHeap.copy(given, bins + i * bytes, bytes);
                } else {
                    pass.kernels.melBin(mel + i * bytes, thresholds, thresholdCount, bins + i * bytes, mels);
                }
            }
        }
    }

    /** Sum of table rows. */
    static final class Bag extends AudioOp {
        private final long bins;
        private final Matrix table;
        private final int mels;
        private final int binsPerMel;
        private final long y;
        private final int d;

        Bag(final long bins, final Matrix table, final int mels, final int binsPerMel, final long y, final int d) {
            this.bins = bins;
            this.table = table;
            this.mels = mels;
            this.binsPerMel = binsPerMel;
            this.y = y;
            this.d = d;
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            for (int i = from; i < to; i++) {
                pass.kernels.audioBag(
                        table.type(),
                        table.address(),
                        bins + (long) i * mels * Integer.BYTES,
                        mels,
                        binsPerMel,
                        d,
                        y + (long) i * d * Float.BYTES,
                        0,
                        d);
            }
        }
    }
}
