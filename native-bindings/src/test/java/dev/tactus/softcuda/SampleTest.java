package dev.tactus.softcuda;

import static dev.tactus.softcuda.SoftDriver.SUCCESS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What softcuda.h offers to kernels computes what the CUDA manual says, in every order of threads. */
class SampleTest {
    private static final int THREADS = 64;
    private static final long SEED = 11;

    private final Random random = new Random(SEED);
    private SoftDriver driver;

    @BeforeEach
    void open() {
        driver = SoftDriver.open();
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
    }

    private long uploaded(final int... words) {
        final long address = driver.device(4L * words.length);
        driver.upload(address, words);
        return address;
    }

    private long uploaded(final float... numbers) {
        final long address = driver.device(4L * numbers.length);
        driver.upload(address, numbers);
        return address;
    }

    private void run(final String kernel, final int grid, final int block, final int shared, final Object... values) {
        assertEquals(SUCCESS, driver.run(kernel, grid, block, shared, values), driver::message);
    }

    private float[] randomNumbers(final int count) {
        final float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    @Test
    void shouldShuffle() {
        final int[] in = random.ints(THREADS, 0, 1000).toArray();
        final long out = driver.device(6L * 4 * THREADS);
        for (int seed = 0; seed < 4; seed++) {
            driver.set("SEED", Integer.toString(seed));
            run("sample_shuffles", 1, THREADS, 0, out, uploaded(in));
            final int[] values = driver.download(out, 6 * THREADS);
            for (int i = 0; i < THREADS; i++) {
                final int lane = i % 32;
                final int warp = i - lane;
                final String where = "thread " + i + ", order " + seed;
                assertEquals(in[warp + 3], values[i], where);
                assertEquals(in[i ^ 5], values[THREADS + i], where);
                assertEquals(in[lane < 2 ? i : i - 2], values[2 * THREADS + i], where);
                assertEquals(in[lane % 8 + 2 < 8 ? i + 2 : i], values[3 * THREADS + i], where);
                assertEquals(in[i ^ 15], values[4 * THREADS + i], where);
                assertEquals(Arrays.stream(in, warp, warp + 32).sum(), values[5 * THREADS + i], where);
            }
        }
    }

    @Test
    void shouldVote() {
        final int[] in = random.ints(THREADS, 0, 2).toArray();
        Arrays.fill(in, 32, 64, 1);
        final long out = driver.device(3L * 4 * THREADS);
        run("sample_votes", 1, THREADS, 0, out, uploaded(in));
        final int[] values = driver.download(out, 3 * THREADS);
        int ballot = 0;
        for (int i = 0; i < 32; i++) {
            ballot |= in[i] << i;
        }
        assertEquals(ballot, values[0]);
        assertEquals(ballot, values[31]);
        assertEquals(-1, values[32]);
        assertArrayEquals(new int[] {1, 1}, new int[] {values[THREADS], values[THREADS + 32]}, "any");
        assertArrayEquals(new int[] {0, 1}, new int[] {values[2 * THREADS], values[2 * THREADS + 32]}, "all");
    }

    @Test
    void shouldSumAWarpToTheSameBitsByShufflesAndTogether() {
        final long byShuffles = driver.device(4L * THREADS);
        final long together = driver.device(4L * THREADS);
        run("sample_warp_sum", 1, THREADS, 0, byShuffles, together, uploaded(randomNumbers(THREADS)));
        assertArrayEquals(driver.download(byShuffles, THREADS), driver.download(together, THREADS), "seed " + SEED);
    }

    @Test
    void shouldCountWithAtomics() {
        final long counters = uploaded(0, -1, Integer.MAX_VALUE, 0);
        final long sum = uploaded(0.0f);
        driver.set("THREADS", "2");
        run("sample_atomics", 50, 100, 0, counters, sum);
        final int[] values = driver.download(counters, 4);
        assertArrayEquals(new int[] {5000, 4999, 0}, Arrays.copyOf(values, 3));
        assertTrue(values[3] >= 1 && values[3] <= 5000, () -> "the first one was " + values[3]);
        assertEquals(2500.0f, driver.downloadFloats(sum, 1)[0]);
    }

    @Test
    void shouldRunEveryThreadOfEveryBlockOnceInAnyOrder() {
        final int blocks = 37;
        final int threads = 75; // the last warp is not full
        for (int seed = 0; seed < 5; seed++) {
            driver.set("SEED", Integer.toString(seed));
            driver.set("THREADS", seed % 2 == 0 ? "1" : "3");
            final long out = driver.device(4L * blocks * threads);
            run("sample_places", blocks, threads, 0, out);
            final int[] values = driver.download(out, blocks * threads);
            for (int i = 0; i < values.length; i++) {
                assertEquals(i / threads * 1000 + i % threads, values[i], "order " + seed);
            }
        }
    }

    @Test
    void shouldConvertNarrowFloatsAsJavaDoes() {
        final int count = 1 << 16;
        final float[] in = new float[count];
        final int[] bits = new int[count];
        for (int i = 0; i < count; i++) {
            in[i] = Float.intBitsToFloat(random.nextInt());
            bits[i] = i;
            if (i % 2 == 0) { // where half has its steps and its subnormals
                in[i] = (float) random.nextGaussian() * (float) Math.scalb(1.0, random.nextInt(40) - 26);
            }
        }
        final long toHalf = driver.device(4L * count);
        final long toBfloat = driver.device(4L * count);
        final long fromHalf = driver.device(4L * count);
        final long fromBfloat = driver.device(4L * count);
        run(
                "sample_conversions",
                count / 256,
                256,
                0,
                toHalf,
                toBfloat,
                fromHalf,
                fromBfloat,
                uploaded(in),
                uploaded(bits),
                count);
        final int[] halves = driver.download(toHalf, count);
        final int[] bfloats = driver.download(toBfloat, count);
        final float[] fromHalves = driver.downloadFloats(fromHalf, count);
        final float[] fromBfloats = driver.downloadFloats(fromBfloat, count);
        for (int i = 0; i < count; i++) {
            final String which = in[i] + ", seed " + SEED;
            if (Float.isNaN(in[i])) {
                assertEquals(0x7fff, halves[i], which);
                assertEquals(0x7fff, bfloats[i], which);
            } else {
                assertEquals(Float.floatToFloat16(in[i]) & 0xffff, halves[i], which);
                final int raw = Float.floatToRawIntBits(in[i]);
                assertEquals(raw + 0x7fff + (raw >>> 16 & 1) >>> 16, bfloats[i], which);
            }
            final float half = Float.float16ToFloat((short) i);
            assertTrue(half == fromHalves[i] || Float.isNaN(half) && Float.isNaN(fromHalves[i]), "half " + i);
            assertEquals(i << 16, Float.floatToRawIntBits(fromBfloats[i]), "bfloat16 " + i);
        }
    }

    @Test
    void shouldMultiplyFragmentsAsTheManualDrawsThem() {
        final float[] a = randomNumbers(16 * 16);
        final float[] b = randomNumbers(8 * 16);
        final long d = driver.device(4L * 16 * 8);
        run("sample_tensor", 1, 32, 0, d, uploaded(pairs(a)), uploaded(pairs(b)));
        final float[] values = driver.downloadFloats(d, 16 * 8);
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 8; column++) {
                float sum = 0;
                for (int k = 0; k < 16; k++) {
                    sum = Math.fma(truncated(a[row * 16 + k]), truncated(b[column * 16 + k]), sum);
                }
                assertEquals(sum, values[row * 8 + column], "seed " + SEED + ", " + row + ", " + column);
            }
        }
    }

    private static float truncated(final float value) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
    }

    /** Numbers cut to bfloat16, two to a word. */
    private static int[] pairs(final float[] numbers) {
        final int[] words = new int[numbers.length / 2];
        for (int i = 0; i < words.length; i++) {
            words[i] = Float.floatToRawIntBits(numbers[2 * i]) >>> 16
                    | Float.floatToRawIntBits(numbers[2 * i + 1]) & 0xffff0000;
        }
        return words;
    }

    @Test
    void shouldGiveTheSameBitsInAnyOrderAndOnSeveralThreads() {
        final int blocks = 9;
        final long in = uploaded(randomNumbers(blocks * 256));
        int[] expected = null;
        for (int seed = 0; seed < 6; seed++) {
            driver.set("SEED", Integer.toString(seed));
            driver.set("THREADS", Integer.toString(1 + seed % 3));
            final long out = driver.device(4L * blocks);
            run("sample_tree", blocks, 256, 1024, out, in);
            final int[] values = driver.download(out, blocks);
            expected = expected == null ? values : expected;
            assertArrayEquals(expected, values, "order " + seed);
        }
    }

    /** How fast it is stands in softcuda's README; here only that a product of some size is right. */
    @Test
    void shouldMultiplyAMatrixByAVector() {
        final int rows = 33;
        final int k = 384;
        final float[] w = randomNumbers(rows * k);
        final float[] x = randomNumbers(k);
        final long y = driver.device(4L * rows);
        run("sample_product", (rows + 7) / 8, 256, 0, y, uploaded(pairs(w)), uploaded(x), rows, k);
        final float[] values = driver.downloadFloats(y, rows);
        for (int row = 0; row < rows; row++) {
            final float[] lanes = new float[32];
            for (int i = 0; i < k; i++) {
                lanes[i % 32] = Math.fma(truncated(w[row * k + i]), x[i], lanes[i % 32]);
            }
            for (int offset = 16; offset > 0; offset /= 2) {
                for (int lane = 0; lane < offset; lane++) {
                    lanes[lane] += lanes[lane + offset];
                }
            }
            assertEquals(lanes[0], values[row], "row " + row + ", seed " + SEED);
        }
    }
}
