package dev.tactus.kernel;

import static dev.tactus.kernel.GuardedMemory.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.OffHeap;
import org.junit.jupiter.api.Test;

/** The ops that choose: experts and tokens. */
abstract class ChoiceConformanceTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();

    private final GuardedMemory.Edge edge;

    /** Where buffers stand. */
    ChoiceConformanceTest(final GuardedMemory.Edge edge) {
        this.edge = edge;
    }

    /** The implementation under test. */
    abstract KernelSet kernels();

    private long scratch(final GuardedMemory memory) {
        return memory.bytes(kernels().scratchBytes(32, 32));
    }

    @Test
    void shouldRouteLikeTheReferenceAndADoubleSoftmax() {
        for (int seed = 1; seed < 30; seed++) {
            try (GuardedMemory memory = new GuardedMemory(seed, edge)) {
                final int routed = 5 + seed;
                final int shared = seed % 3;
                final int chosen = 1 + seed % 5;
                final int kept = chosen + shared;
                final long z = memory.gaussians(routed + shared, 3f);
                final long bias = memory.gaussians(routed, 0.1f);
                final long experts = memory.ints(kept);
                final long p = memory.floats(kept);
                final long experts2 = memory.ints(kept);
                final long p2 = memory.floats(kept);
                REFERENCE.route(z, bias, routed, shared, chosen, 2.5f, experts, p);
                kernels().route(z, bias, routed, shared, chosen, 2.5f, experts2, p2);
                memory.assertSameBits("experts", experts, experts2, kept);
                memory.assertSameBits("p", p, p2, kept);
                memory.assertGuards("route");
                double total = 0;
                for (int i = 0; i < kept; i++) {
                    total += sigmoid(get(z, OffHeap.getInt(experts2 + 4L * i)));
                }
                for (int i = 0; i < kept; i++) {
                    final double expected = 2.5 * sigmoid(get(z, OffHeap.getInt(experts2 + 4L * i))) / total;
                    KernelConformanceTest.assertNear(expected, get(p2, i), 1e-5, "weight " + i + " seed " + seed);
                }
                for (int e = 0; e < routed; e++) {
                    final double last = rank(z, bias, OffHeap.getInt(experts2 + 4L * (chosen - 1)));
                    assertTrue(isAmong(experts2, chosen, e) || rank(z, bias, e) <= last + 1e-6, "expert " + e);
                }
            }
        }
    }

    private static double rank(final long z, final long bias, final int expert) {
        return sigmoid(get(z, expert)) + get(bias, expert);
    }

    private static double sigmoid(final double z) {
        return 1 / (1 + Math.exp(-z));
    }

    private static boolean isAmong(final long experts, final int count, final int expert) {
        boolean found = false;
        for (int i = 0; i < count; i++) {
            found |= OffHeap.getInt(experts + 4L * i) == expert;
        }
        return found;
    }

    @Test
    void shouldPreferLowerIndexesAmongEqualExperts() {
        try (GuardedMemory memory = new GuardedMemory(1, edge)) {
            final float[] logits = {0f, 1f, 1f, 2f, 1f, 0f};
            final long z = memory.floats(6);
            final long bias = memory.floats(6);
            for (int e = 0; e < 6; e++) {
                OffHeap.putFloat(z + 4L * e, logits[e]);
                OffHeap.putFloat(bias + 4L * e, 0f);
            }
            final long experts = memory.ints(3);
            kernels().route(z, bias, 6, 0, 3, 1f, experts, memory.floats(3));
            assertEquals(3, OffHeap.getInt(experts));
            assertEquals(1, OffHeap.getInt(experts + 4));
            assertEquals(2, OffHeap.getInt(experts + 8));
        }
    }

    @Test
    void shouldChooseRealExpertsEvenFromNan() {
        try (GuardedMemory memory = new GuardedMemory(1, edge)) {
            final long z = memory.floats(6);
            final long experts = memory.ints(3);
            kernels().route(z, z, 6, 0, 3, 1f, experts, memory.floats(3));
            for (int i = 0; i < 3; i++) {
                final int expert = OffHeap.getInt(experts + 4L * i);
                assertTrue(expert >= 0 && expert < 6, "expert " + expert);
            }
        }
    }

    private static long mask(final GuardedMemory memory, final int vocabulary, final int oneIn) {
        final int words = (vocabulary + 63) / 64;
        final long mask = memory.longs(words);
        for (int i = 0; i < words; i++) {
            OffHeap.putLong(mask + 8L * i, 0);
        }
        for (int id = 0; id < vocabulary; id++) {
            if (memory.random().nextInt(oneIn) == 0) {
                final long at = mask + 8L * (id >> 6);
                OffHeap.putLong(at, OffHeap.getLong(at) | 1L << (id & 63));
            }
        }
        return mask;
    }

    @Test
    void shouldDrawWhatTheReferenceDraws() {
        int seed = 0;
        for (final int vocabulary : new int[] {1, 7, 64, 300, 1001, 5000}) {
            for (final int topK : new int[] {1, 2, 40, 256}) {
                for (int i = 0; i < 4; i++) {
                    drawn(seed++, vocabulary, topK);
                }
            }
        }
    }

    private void drawn(final int seed, final int vocabulary, final int topK) {
        try (GuardedMemory memory = new GuardedMemory(seed, edge)) {
            final long logits = memory.gaussians(vocabulary, 4f);
            for (int id = 0; id < vocabulary; id++) {
                final float logit = get(logits, id);
                // every fourth seed has many ties, every fourth one only rising logits
                final float tied = seed % 4 == 1 ? Math.round(logit) : logit;
                OffHeap.putFloat(logits + 4L * id, seed % 4 == 2 ? id * 0.01f : tied);
            }
            final long mask = mask(memory, vocabulary, seed % 3 + 1);
            final long scratch = scratch(memory);
            final SamplingParameters parameters = new SamplingParameters(0.9f, topK, 0.95f);
            for (int tick = 0; tick < 20; tick++) {
                final int expected = REFERENCE.sample(logits, vocabulary, mask, parameters, seed, tick, 3, scratch);
                final int actual = kernels().sample(logits, vocabulary, mask, parameters, seed, tick, 3, scratch);
                assertEquals(expected, actual, "vocabulary " + vocabulary + " top-k " + topK + " seed " + seed);
            }
            memory.assertGuards("sample");
        }
    }

    @Test
    void shouldDrawInProportion() {
        try (GuardedMemory memory = new GuardedMemory(2, edge)) {
            final int vocabulary = 9;
            final long logits = memory.gaussians(vocabulary);
            final long mask = mask(memory, vocabulary, 1);
            final long scratch = scratch(memory);
            final SamplingParameters parameters = new SamplingParameters(0.7f, 256, 1f);
            final int draws = 40_000;
            final int[] counts = new int[vocabulary];
            for (int tick = 0; tick < draws; tick++) {
                counts[kernels().sample(logits, vocabulary, mask, parameters, 77, tick, 0, scratch)]++;
            }
            double total = 0;
            for (int id = 0; id < vocabulary; id++) {
                total += Math.exp(get(logits, id) / 0.7);
            }
            for (int id = 0; id < vocabulary; id++) {
                final double p = Math.exp(get(logits, id) / 0.7) / total;
                // five standard deviations
                final double tolerance = 5 * Math.sqrt(p * (1 - p) / draws);
                KernelConformanceTest.assertNear(p, counts[id] / (float) draws, tolerance, "id " + id);
            }
        }
    }

    @Test
    void shouldTakeLowerIdsAmongEqualLogitsAndCutByTopKAndTopP() {
        try (GuardedMemory memory = new GuardedMemory(2, edge)) {
            final int vocabulary = 50;
            final long logits = memory.floats(vocabulary);
            for (int id = 0; id < vocabulary; id++) {
                OffHeap.putFloat(logits + 4L * id, id >= 20 ? 1f : 0f);
            }
            final long mask = mask(memory, vocabulary, 1);
            OffHeap.putLong(mask, OffHeap.getLong(mask) & ~(1L << 20));
            final long scratch = scratch(memory);
            assertEquals(21, kernels().sample(logits, vocabulary, mask, SamplingParameters.GREEDY, 1, 2, 3, scratch));
            for (int tick = 0; tick < 200; tick++) {
                final SamplingParameters two = new SamplingParameters(1f, 2, 1f);
                final int id = kernels().sample(logits, vocabulary, mask, two, 1, tick, 3, scratch);
                assertTrue(id == 21 || id == 22, "top-k 2 drew " + id);
                // 29 equal weights and 20 of 1/e: one tenth is cut after the fourth
                final SamplingParameters tenth = new SamplingParameters(1f, 256, 0.1f);
                final int cut = kernels().sample(logits, vocabulary, mask, tenth, 1, tick, 3, scratch);
                assertTrue(cut >= 21 && cut <= 24, "top-p 0.1 drew " + cut);
            }
        }
    }

    @Test
    void shouldReportNanInfinityAndAnEmptyMask() {
        for (final float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (final int at : new int[] {0, 13, 98, 99}) {
                try (GuardedMemory memory = new GuardedMemory(2, edge)) {
                    final int vocabulary = 100;
                    final long logits = memory.gaussians(vocabulary);
                    final long mask = mask(memory, vocabulary, Integer.MAX_VALUE);
                    final long scratch = scratch(memory);
                    final SamplingParameters greedy = SamplingParameters.GREEDY;
                    assertEquals(
                            KernelSet.NOTHING_ALLOWED,
                            kernels().sample(logits, vocabulary, mask, greedy, 1, 2, 3, scratch));
                    OffHeap.putLong(mask, 0b1000);
                    assertEquals(3, kernels().sample(logits, vocabulary, mask, greedy, 1, 2, 3, scratch));
                    OffHeap.putFloat(logits + 4L * at, bad);
                    assertEquals(
                            KernelSet.NOT_FINITE,
                            kernels().sample(logits, vocabulary, mask, greedy, 1, 2, 3, scratch),
                            bad + " at " + at);
                }
            }
        }
    }
}
