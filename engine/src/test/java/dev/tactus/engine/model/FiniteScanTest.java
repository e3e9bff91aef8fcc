package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FiniteScanTest {
    private static final long SEED = 11;

    @Test
    void shouldJudgeEvery16BitPatternAsTheJdkDoes() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment data = arena.allocate(16, 8);
            for (int bits = 0; bits <= 0xFFFF; bits++) {
                final int lane = bits & 7;
                data.fill((byte) 0);
                data.set(ValueLayout.JAVA_SHORT, lane * 2L, (short) bits);
                final boolean bfloat = Float.isFinite(Float.intBitsToFloat(bits << 16));
                final boolean half = Float.isFinite(Float.float16ToFloat((short) bits));
                assertEquals(bfloat ? -1 : lane, FiniteScan.firstNotFinite(tensor(DType.BF16, data)));
                assertEquals(half ? -1 : lane, FiniteScan.firstNotFinite(tensor(DType.F16, data)));
            }
        }
    }

    @Test
    void shouldFindTheFirstBadElementAtAnyPlaceAndOddSize() {
        final SplittableRandom random = new SplittableRandom(SEED);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(400_000, 8);
            for (int round = 0; round < 300; round++) {
                final DType dtype = round % 2 == 0 ? DType.BF16 : DType.F32;
                final int count = 1 + random.nextInt(round % 3 == 0 ? 40_000 : 40);
                final MemorySegment data = memory.asSlice(random.nextInt(8), (long) count * dtype.bytes());
                fillFinite(random, dtype, data);
                assertEquals(-1, FiniteScan.firstNotFinite(tensor(dtype, data)), "round " + round);
                final int bad = random.nextInt(count);
                put(dtype, data, bad, random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY);
                put(dtype, data, bad + random.nextInt(count - bad), Float.POSITIVE_INFINITY);
                assertEquals(bad, FiniteScan.firstNotFinite(tensor(dtype, data)), "round " + round + " seed " + SEED);
            }
        }
    }

    @Test
    void shouldScan50MegabytesInLessThan100Milliseconds() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment data = arena.allocate(50_000_000, 8);
            data.fill((byte) 0x3F);
            long best = Long.MAX_VALUE;
            for (int i = 0; i < 5; i++) {
                final long start = System.nanoTime();
                assertEquals(-1, FiniteScan.firstNotFinite(tensor(DType.BF16, data)));
                best = Math.min(best, System.nanoTime() - start);
            }
            assertTrue(best < 100_000_000, "best of 5: " + best / 1000 + " us");
            System.out.println("finite scan of 50 MB: " + best / 1000 + " us");
        }
    }

    private static void fillFinite(final SplittableRandom random, final DType dtype, final MemorySegment data) {
        for (long i = 0; i < data.byteSize() / dtype.bytes(); i++) {
            final float value = Float.intBitsToFloat(random.nextInt() & 0xFF7FFFFF);
            put(dtype, data, i, value);
        }
    }

    private static void put(final DType dtype, final MemorySegment data, final long index, final float value) {
        if (dtype == DType.F32) {
            data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, index * 4, value);
        } else {
            final short upper = (short) (Float.floatToRawIntBits(value) >>> 16);
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2, upper);
        }
    }

    private static Tensor tensor(final DType dtype, final MemorySegment data) {
        return new Tensor("memory", "t", dtype, new long[] {data.byteSize() / dtype.bytes()}, data);
    }
}
