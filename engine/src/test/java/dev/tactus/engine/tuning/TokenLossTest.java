package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.LogProbability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TokenLossTest {
    private static final long SEED = 4;
    private static final int[] VOCABULARIES = {2, 3, 17, 33, 101, 257};
    private static final double STEP = 1e-6;

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void closeArena() {
        arena.close();
    }

    static Stream<TokenLoss> losses() {
        return Stream.of(
                new CrossEntropyLoss(),
                new ImportanceSamplingLoss(),
                PpoLoss.standard(),
                new PpoLoss(0.5f, 3f),
                CispoLoss.standard(),
                new CispoLoss(0f, 5f),
                new DroLoss(0.05f),
                new DroLoss(0f));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void shouldAgreeWithFiniteDifferencesAtOddVocabularies(final TokenLoss loss) {
        int moved = 0;
        for (final int n : VOCABULARIES) {
            for (int round = 0; round < 12; round++) {
                final Random random = new Random(SEED * 1000 + n * 31L + round);
                final float[] x = randomRow(random, n);
                final int target = random.nextInt(n);
                final float advantage = (float) random.nextGaussian();
                // rounds cover ratios far below, around and far above the bounds
                final float q = (float) (logProbability(x, target, -1, 0) + 2 * random.nextGaussian());
                final TokenPosition at = new TokenPosition(round, target, 0.5f + random.nextFloat(), q, advantage);
                final MemorySegment logits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, x);
                final MemorySegment gradient = arena.allocate(4L * n, 4);
                final LossTerm term = loss.evaluate(at, logits.address(), n, 3f, gradient.address());
                final String where =
                        "seed " + SEED + ", " + loss + ", vocabulary " + n + ", round " + round + ", " + term;
                final double fixed = logProbability(x, target, -1, 0);
                final double expected = reference(loss, fixed, fixed, q, advantage);
                assertEquals(expected, term.loss(), 1e-4 * (1 + Math.abs(expected)), where);
                for (int i = 0; i < n; i++) {
                    final double up = reference(loss, logProbability(x, target, i, STEP), fixed, q, advantage);
                    final double down = reference(loss, logProbability(x, target, i, -STEP), fixed, q, advantage);
                    final double slope = at.weight() / 3 * (up - down) / (2 * STEP);
                    final double found = gradient.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                    assertEquals(slope, found, 2e-5 * (1 + Math.abs(expected)), where + ", logit " + i);
                    moved += found != 0 ? 1 : 0;
                }
            }
        }
        assertTrue(moved > 100, "only " + moved + " gradients were not 0");
    }

    @ParameterizedTest
    @MethodSource("losses")
    void shouldGiveTheSameBitsInPlace(final TokenLoss loss) {
        final int n = 45;
        final float[] x = randomRow(new Random(SEED), n);
        final TokenPosition at = new TokenPosition(0, 7, 1f, -2f, 0.5f);
        final MemorySegment logits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, x);
        final MemorySegment gradient = arena.allocate(4L * n, 4);
        final LossTerm apart = loss.evaluate(at, logits.address(), n, 1f, gradient.address());
        final float sampler = LogProbability.of(
                logits.address(), n, 7, arena.allocate(4L * n, 4).address());
        assertEquals(apart, loss.evaluate(at, logits.address(), n, 1f, logits.address()));
        assertEquals(-1, gradient.mismatch(logits));
        assertEquals(Float.floatToRawIntBits(sampler), Float.floatToRawIntBits(apart.logProbability()));
    }

    @Test
    void shouldHaveRatioOneWhereTheSamplerIsThePolicy() {
        final int n = 33;
        final float[] x = randomRow(new Random(SEED), n);
        for (int id = 0; id < n; id++) {
            final MemorySegment logits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, x);
            final float q = LogProbability.of(
                    logits.address(), n, id, arena.allocate(4L * n, 4).address());
            final TokenPosition at = new TokenPosition(0, id, 1f, q, -0.7f);
            for (final TokenLoss loss : losses().toList()) {
                final MemorySegment row = arena.allocateFrom(ValueLayout.JAVA_FLOAT, x);
                final LossTerm term = loss.evaluate(at, row.address(), n, 1f, row.address());
                assertEquals(1f, term.ratio(), loss + " id " + id);
                assertEquals(0f, term.kl());
                assertFalse(term.clipped());
            }
        }
    }

    @Test
    void shouldClipAsThePapersSay() {
        final float far = -1f;
        final float near = -3f;
        final LossTerm better = PpoLoss.standard().term(far, near, 2f);
        assertTrue(better.clipped());
        assertEquals(-2.4f, better.loss());
        assertEquals(0f, better.slope());
        final LossTerm unwanted = PpoLoss.standard().term(far, near, -2f);
        assertFalse(unwanted.clipped());
        assertEquals(2f * (float) Math.exp(2), unwanted.loss(), 1e-5f);
        assertEquals(unwanted.loss(), unwanted.slope());
        assertEquals(0f, PpoLoss.standard().term(near, far, -2f).slope());
        final LossTerm weighted = CispoLoss.standard().term(far, near, 2f);
        assertTrue(weighted.clipped());
        assertEquals(-1.2f * 2f, weighted.slope());
        assertEquals(-1.2f * 2f * far, weighted.loss());
        assertFalse(new CispoLoss(0f, 9f).term(near, far, 2f).clipped());
        // k3 at log ratio 2: e² - 1 - 2
        assertEquals((float) (Math.exp(2) - 3), weighted.kl(), 1e-6f);
    }

    @Test
    void shouldClampOrRefuseARatioThatOverflowsAsDefined() {
        final MemorySegment logits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 2f, 3f);
        final TokenPosition gain = new TokenPosition(9, 1, 1f, -200f, 1f);
        final TokenPosition loss = new TokenPosition(9, 1, 1f, -200f, -1f);
        final TokenPosition neither = new TokenPosition(9, 1, 1f, -200f, 0f);
        assertRefused(new ImportanceSamplingLoss(), gain, logits, "row 9: loss -Infinity");
        assertEquals(0f, evaluate(new ImportanceSamplingLoss(), neither, logits).loss());
        assertEquals(-1.2f, evaluate(PpoLoss.standard(), gain, logits).loss());
        assertRefused(PpoLoss.standard(), loss, logits, "row 9: loss Infinity");
        assertEquals(0f, evaluate(PpoLoss.standard(), neither, logits).slope());
        assertEquals(-1.2f, evaluate(CispoLoss.standard(), gain, logits).slope());
        assertEquals(1.2f, evaluate(CispoLoss.standard(), loss, logits).slope());
        final LossTerm dro = evaluate(new DroLoss(0.1f), gain, logits);
        assertTrue(Float.isFinite(dro.loss()) && dro.ratio() == Float.MAX_VALUE && dro.kl() == Float.MAX_VALUE);
    }

    @Test
    void shouldNameTheLogitThatIsNoNumber() {
        final TokenPosition at = TokenPosition.supervised(12, 0, 1f);
        final TokenLoss loss = new CrossEntropyLoss();
        final float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        for (final float value : bad) {
            final MemorySegment logits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 2f, value);
            assertRefused(loss, at, logits, "row 12: logit 2 is " + value + ": expected finite logits");
        }
        final MemorySegment wide = arena.allocateFrom(ValueLayout.JAVA_FLOAT, -3e38f, 3e38f);
        assertRefused(loss, at, wide, "row 12: log-probability of token 0 is -Infinity");
        final TokenPosition outside = TokenPosition.supervised(1, 2, 1f);
        assertRefused(loss, outside, wide, "row 1: target is 2: expected 0 to 1");
        assertThrows(TrainingException.class, () -> TokenPosition.supervised(0, -1, 1f));
        assertThrows(TrainingException.class, () -> new TokenPosition(0, 0, Float.NaN, 0f, 0f));
        assertThrows(TrainingException.class, () -> new TokenPosition(0, 0, 1f, Float.NEGATIVE_INFINITY, 0f));
        assertThrows(TrainingException.class, () -> new TokenPosition(0, 0, 1f, 0f, Float.NaN));
        assertThrows(IllegalArgumentException.class, () -> new PpoLoss(1.1f, 1.2f));
        assertThrows(IllegalArgumentException.class, () -> new CispoLoss(0f, Float.NaN));
        assertThrows(IllegalArgumentException.class, () -> new DroLoss(-1f));
    }

    @Test
    void shouldLeaveOutPositionsOfNoWeight() {
        final MemorySegment row = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 2f, 3f);
        final TokenPosition out = new TokenPosition(0, 1, 0f, -200f, -1f);
        final LossTerm term = new PpoLoss(0.8f, 1.2f).evaluate(out, row.address(), 3, 1f, row.address());
        assertEquals(0f, term.loss());
        for (int i = 0; i < 3; i++) {
            assertEquals(0f, row.getAtIndex(ValueLayout.JAVA_FLOAT, i));
        }
        final LossTotals totals = new LossTotals();
        totals.add(term, 0f);
        totals.add(new LossTerm(2f, 0f, -2f, 3f, true, 0.5f), 0.5f);
        totals.add(new LossTerm(1f, 0f, -4f, 1f, false, 0f), 2f);
        assertEquals(3.0, totals.loss());
        assertEquals(2.5, totals.weight());
        assertEquals(2, totals.positions());
        assertEquals(1, totals.clipped());
        assertEquals(-3.0, totals.meanLogProbability());
        assertEquals(2.0, totals.meanRatio());
        assertEquals(0.25, totals.meanKl());
        totals.clear();
        assertEquals(0, totals.positions());
    }

    private LossTerm evaluate(final TokenLoss loss, final TokenPosition at, final MemorySegment logits) {
        final int n = (int) (logits.byteSize() / Float.BYTES);
        final MemorySegment gradient = arena.allocate(4L * n, 4);
        return loss.evaluate(at, logits.address(), n, 1f, gradient.address());
    }

    private void assertRefused(
            final TokenLoss loss, final TokenPosition at, final MemorySegment logits, final String message) {
        final TrainingException e =
                assertThrows(TrainingException.class, () -> evaluate(loss, at, logits), loss.toString());
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }

    private static float[] randomRow(final Random random, final int n) {
        final float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian() * 3;
        }
        return x;
    }

    private static double logProbability(final float[] x, final int target, final int moved, final double by) {
        double sum = 0;
        final double own = x[target] + (moved == target ? by : 0);
        for (int i = 0; i < x.length; i++) {
            sum += Math.exp(x[i] + (i == moved ? by : 0) - own);
        }
        return -Math.log(sum);
    }

    /** The papers' formulas in float64; {@code fixed} is the log p under a stopped gradient. */
    private static double reference(
            final TokenLoss loss, final double p, final double fixed, final double q, final double advantage) {
        final double ratio = Math.exp(p - q);
        if (loss instanceof PpoLoss ppo) {
            final double clipped = Math.max(ppo.low(), Math.min(ppo.high(), ratio));
            return -Math.min(ratio * advantage, clipped * advantage);
        }
        if (loss instanceof CispoLoss cispo) {
            return -Math.max(cispo.low(), Math.min(cispo.high(), Math.exp(fixed - q))) * advantage * p;
        }
        if (loss instanceof DroLoss dro) {
            return -(p * advantage - 0.5 * dro.beta() * (p - q) * (p - q));
        }
        return loss instanceof ImportanceSamplingLoss ? -ratio * advantage : -p;
    }
}
