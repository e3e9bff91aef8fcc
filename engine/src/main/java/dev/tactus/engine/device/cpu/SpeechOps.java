package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.kernel.vocoder.VocoderReference;
import dev.tactus.memory.OffHeap;

/** Blocks of speech: taken in, made, and turned into sound. */
final class SpeechOps {
    private static final long LOG_MEL_BYTES = (Vocoder.BLOCK_MELS * (long) Float.BYTES + 63) & -64;

    /** Bytes of scratch that the vocoder wants: log mels, then its own. */
    static final long SCRATCH_BYTES = LOG_MEL_BYTES + Vocoder.SCRATCH_FLOATS * (long) Float.BYTES;

    private SpeechOps() {}

    /** The blocks that a pass takes in, one after the other. Units are blocks. */
    static final class Blocks extends CpuOp {
        private final long y;
        private final long bytes;

        Blocks(final long y, final int elements) {
            this.y = y;
            this.bytes = (long) elements * Float.BYTES;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.count(RowSpace.SPEECH);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            for (int i = from; i < to; i++) {
                OffHeap.copy(pass.rows.speechBlock(i), y + i * bytes, bytes);
            }
        }
    }

    /** Noise becomes blocks. Units are rows that a block is made of: a worker makes its blocks together. */
    static final class Flow extends CpuOp {
        private final long head;
        private final long condition;
        private final long blocks;
        private final long conditionBytes;
        private final long blockBytes;

        Flow(final FlowShape shape, final long head, final long condition, final long blocks) {
            this.head = head;
            this.condition = condition;
            this.blocks = blocks;
            this.conditionBytes = (long) shape.hidden() * Float.BYTES;
            this.blockBytes = (long) shape.block() * Float.BYTES;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.plan.isForced() ? 0 : pass.count(RowSpace.VOICE);
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            final PassRows rows = pass.rows;
            for (int i = from; i < to; i++) {
                OffHeap.copy(rows.voiceBlock(i), blocks + i * blockBytes, blockBytes);
            }
            pass.kernels.flow(head, condition + from * conditionBytes, blocks + from * blockBytes, to - from, scratch);
            for (int i = from; i < to; i++) {
                OffHeap.copy(blocks + i * blockBytes, rows.voiceBlock(i), blockBytes);
            }
        }
    }

    /** Sound of the blocks that the pass before made. Units are jobs. */
    static final class Vocode extends CpuOp {
        private final Vocoder vocoder;
        private final long mean;
        private final long deviation;
        private final long state;

        Vocode(final long tables, final long mean, final long deviation, final long state) {
            this.vocoder = new VocoderReference(tables);
            this.mean = mean;
            this.deviation = deviation;
            this.state = state;
        }

        @Override
        boolean isSharedBackwards() {
            return true;
        }

        @Override
        int units(final CpuPass pass) {
            return pass.rows.jobs();
        }

        @Override
        void run(final CpuPass pass, final long scratch, final int from, final int to) {
            for (int job = from; job < to; job++) {
                final long block = pass.rows.jobBlock(job);
                final int count = block == 0 ? Vocoder.FLUSH_BLOCKS : 1;
                logMels(block, scratch);
                for (int i = 0; i < count; i++) {
                    vocoder.block(
                            pass.plan.state(pass.rows.jobEntry(job)) + state,
                            scratch,
                            pass.rows.jobSamples(job) + (long) i * Vocoder.BLOCK_SAMPLES * Float.BYTES,
                            scratch + LOG_MEL_BYTES);
                }
            }
        }

        /** The log mels of a normalised block; without one, those of silence. */
        private void logMels(final long block, final long target) {
            for (int i = 0; i < Vocoder.BLOCK_MELS; i++) {
                final long mel = (long) (i % Vocoder.MELS) * Float.BYTES;
                final long at = (long) i * Float.BYTES;
                final float value = block == 0
                        ? Vocoder.LOG_FLOOR
                        : OffHeap.getFloat(block + at) * OffHeap.getFloat(deviation + mel)
                                + OffHeap.getFloat(mean + mel);
                OffHeap.putFloat(target + at, value);
            }
        }
    }
}
