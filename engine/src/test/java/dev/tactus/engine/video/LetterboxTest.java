package dev.tactus.engine.video;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LetterboxTest {
    private static final int[][] SIZES = {
        {160, 120}, {640, 360}, {1, 1}, {3, 200}, {200, 3}, {37, 53}, {161, 119}, {80, 60}, {1000, 7}, {159, 121}
    };

    @Test
    void shouldEqualTheAreaMeanInDouble() {
        final long seed = 43;
        final Random random = new Random(seed);
        for (final int[] frame : new int[][] {{160, 120}, {40, 80}, {1, 1}}) {
            final Letterbox letterbox = new Letterbox(frame[0], frame[1]);
            for (final int[] size : SIZES) {
                final RgbFrame source = noise(random, size[0], size[1]);
                final byte[] drawn = draw(letterbox, source);
                assertMeans(source, letterbox.box(), frame, drawn, "seed " + seed + ", " + size[0] + "x" + size[1]);
            }
        }
    }

    @Test
    void shouldFillTheFrameAsFarAsTheShapeAllows() {
        assertBox(160, 120, 640, 480, 0, 0, 160, 120);
        assertBox(160, 120, 1920, 1080, 0, 15, 160, 90);
        assertBox(160, 120, 1080, 1920, 46, 0, 68, 120);
        assertBox(160, 120, 16_384, 1, 0, 59, 160, 1);
        assertBox(160, 120, 1, 16_384, 79, 0, 1, 120);
        assertBox(160, 120, 4, 3, 0, 0, 160, 120);
    }

    @Test
    void shouldCopyAPictureOfTheSameSize() {
        final long seed = 47;
        final RgbFrame source = noise(new Random(seed), 160, 120);
        assertArrayEquals(source.pixels(), draw(new Letterbox(160, 120), source), "seed " + seed);
    }

    @Test
    void shouldForgetThePictureBefore() {
        final long seed = 53;
        final Random random = new Random(seed);
        final Letterbox used = new Letterbox(160, 120);
        draw(used, noise(random, 160, 120));
        draw(used, noise(random, 30, 300));
        final RgbFrame last = noise(random, 300, 30);
        assertArrayEquals(draw(new Letterbox(160, 120), last), draw(used, last), "seed " + seed);
    }

    @Test
    void shouldAllocateNothingPerPicture() {
        final com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        final Letterbox letterbox = new Letterbox(160, 120);
        final RgbFrame source = noise(new Random(59), 320, 180);
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final long slot =
                    arena.allocate(MemoryTag.TEST, letterbox.frameBytes(), 64).address();
            long least = Long.MAX_VALUE;
            for (int trial = 0; trial < 20 && least > 0; trial++) {
                final long before = threads.getCurrentThreadAllocatedBytes();
                letterbox.draw(source, slot);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertEquals(0, least, "bytes allocated by a draw");
        }
    }

    @Test
    void shouldRefuseSizesOutOfRange() {
        assertThrows(IllegalArgumentException.class, () -> new Letterbox(0, 10));
        assertThrows(IllegalArgumentException.class, () -> new Letterbox(10, 16_385));
        assertThrows(IllegalArgumentException.class, () -> new Letterbox(10, 10).draw(new RgbFrame(), 0));
        assertThrows(IllegalArgumentException.class, () -> new Letterbox(10, 10).draw(new RgbFrame(16_385, 1), 0));
    }

    private static void assertBox(
            final int frameWidth, final int frameHeight, final int width, final int height, final int... box) {
        final Letterbox letterbox = new Letterbox(frameWidth, frameHeight);
        draw(letterbox, new RgbFrame(width, height));
        assertArrayEquals(box, letterbox.box(), width + "x" + height);
    }

    private static void assertMeans(
            final RgbFrame source, final int[] box, final int[] frame, final byte[] drawn, final String what) {
        for (int y = 0; y < frame[1]; y++) {
            for (int x = 0; x < frame[0]; x++) {
                for (int c = 0; c < 3; c++) {
                    final int got = drawn[(y * frame[0] + x) * 3 + c] & 0xff;
                    final boolean inside = x >= box[0] && x < box[0] + box[2] && y >= box[1] && y < box[1] + box[3];
                    final double want = inside ? mean(source, x - box[0], y - box[1], box[2], box[3], c) : 0;
                    assertTrue(Math.abs(want - got) <= (inside ? 0.5 + 1e-6 : 0), what + ": " + want + ", " + got);
                }
            }
        }
    }

    private static double mean(
            final RgbFrame source, final int x, final int y, final int width, final int height, final int c) {
        final double x0 = (double) x * source.width() / width;
        final double x1 = (x + 1.0) * source.width() / width;
        final double y0 = (double) y * source.height() / height;
        final double y1 = (y + 1.0) * source.height() / height;
        double sum = 0;
        for (int i = (int) y0; i < Math.min(source.height(), Math.ceil(y1)); i++) {
            for (int j = (int) x0; j < Math.min(source.width(), Math.ceil(x1)); j++) {
                final double area = (Math.min(y1, i + 1) - Math.max(y0, i)) * (Math.min(x1, j + 1) - Math.max(x0, j));
                sum += area * (source.pixels()[(i * source.width() + j) * 3 + c] & 0xff);
            }
        }
        return sum / ((x1 - x0) * (y1 - y0));
    }

    /** Draws between two guards, which must survive. */
    private static byte[] draw(final Letterbox letterbox, final RgbFrame source) {
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final int bytes = (int) letterbox.frameBytes();
            final MemorySegment memory = arena.allocate(MemoryTag.TEST, bytes + 128L, 64);
            memory.fill((byte) 0x5a);
            letterbox.draw(source, memory.address() + 64);
            for (int i = 0; i < 64; i++) {
                assertEquals(0x5a, memory.get(ValueLayout.JAVA_BYTE, i), "guard before");
                assertEquals(0x5a, memory.get(ValueLayout.JAVA_BYTE, 64L + bytes + i), "guard after");
            }
            return memory.asSlice(64, bytes).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static RgbFrame noise(final Random random, final int width, final int height) {
        final RgbFrame frame = new RgbFrame(width, height);
        random.nextBytes(frame.pixels());
        return frame;
    }
}
