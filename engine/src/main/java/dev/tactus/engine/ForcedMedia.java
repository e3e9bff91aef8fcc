package dev.tactus.engine;

import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.model.InklingWeights;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;

/**
 * What a teacher-forced pass is given in memory of the caller's own, brought where the device can read it: as it lies
 * for a CPU, by a copy for any other. Live media does not come this way.
 */
final class ForcedMedia {
    private static final int ALIGNMENT = 64;

    private final Shelf bins;
    private final Shelf pixels;
    private final Shelf speech;

    /** Rows of one kind, one after the other; address 0 where they stay with the caller. */
    private static final class Shelf {
        private final long address;
        private final long rowBytes;
        private int next;

        Shelf(final DeviceArenas arenas, final int rows, final long rowBytes) {
            this.rowBytes = rowBytes;
            this.address = arenas.isResidentOnHost()
                    ? 0
                    : arenas.mapped()
                            .allocate(MemoryTag.MEDIA, Math.max(1, rows * rowBytes), ALIGNMENT)
                            .address();
        }

        long put(final long source) {
            if (address == 0) {
                return source;
            }
            final long target = address + next++ * rowBytes;
            OffHeap.copy(source, target, rowBytes);
            return target;
        }
    }

    /**
     * Room for a pass.
     *
     * @param rows most rows of each kind
     */
    ForcedMedia(final DeviceArenas arenas, final InklingWeights weights, final int rows) {
        final ModelConfig config = weights.config();
        bins = new Shelf(
                arenas,
                weights.audio().isPresent() ? rows : 0,
                (long) config.audio().mels() * Integer.BYTES);
        pixels = new Shelf(
                arenas,
                weights.vision().isPresent() ? rows : 0,
                (long) config.vision().patchElements() * Float.BYTES);
        speech = new Shelf(arenas, weights.voice().isPresent() ? rows : 0, (long) Vocoder.BLOCK_MELS * Float.BYTES);
    }

    /** Begins a pass: what was put before is gone. */
    void clear() {
        bins.next = 0;
        pixels.next = 0;
        speech.next = 0;
    }

    /** Where the device finds int32 [mels] that lie at {@code source}. */
    long bins(final long source) {
        return bins.put(source);
    }

    /** Where the device finds the pixels of a patch that lie at {@code source}. */
    long pixels(final long source) {
        return pixels.put(source);
    }

    /** Where the device finds a block of speech that lies at {@code source}. */
    long speech(final long source) {
        return speech.put(source);
    }
}
