package dev.tactus.engine;

import static dev.tactus.engine.EngineFixture.feed;
import static dev.tactus.engine.EngineFixture.step;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Log-probabilities of drawn tokens: told to sessions that ask, of the unmasked model, and of no influence. */
@Timeout(120)
class TickLogProbabilityTest {
    private static final int MODALITIES = Modality.AUDIO.bit() | Modality.TEXT.bit();
    private static final int TICKS = 8;
    private static final SamplingParameters WARM = new SamplingParameters(0.8f, 60, 0.98f);

    /** Keeps tokens, and log-probabilities as bits. */
    private static final class Told implements SessionHandler {
        private final List<Integer> tokens = new ArrayList<>();
        private final List<Integer> bits = new ArrayList<>();
        private final boolean asked;

        Told(final boolean asked) {
            this.asked = asked;
        }

        @Override
        public void onTick(final TickEvent event) {
            for (int i = 0; i < event.tokens(); i++) {
                tokens.add(event.tokenId(i));
                if (asked) {
                    final float told = event.logProbability(i);
                    assertTrue(told <= 0 && told > Float.NEGATIVE_INFINITY, "log p " + told);
                    bits.add(Float.floatToRawIntBits(told));
                }
            }
        }

        @Override
        public void onEnd(final EndReason reason, final long ticks) {
            throw new AssertionError("ended as " + reason);
        }
    }

    private static SessionSpec spec(final long seed) {
        return new SessionSpec(MODALITIES, seed, WARM);
    }

    private static List<Told> run(final EngineContext context, final SessionSpec... specs) {
        final List<Told> told = new ArrayList<>();
        try (Engine engine = Engine.launch(context)) {
            final List<Session> sessions = new ArrayList<>();
            for (final SessionSpec spec : specs) {
                sessions.add(engine.open(spec));
                told.add(new Told(spec.logProbabilities()));
            }
            for (int tick = 0; tick < TICKS; tick++) {
                for (int s = 0; s < specs.length; s++) {
                    feed(sessions.get(s), MODALITIES, specs[s].seed(), tick);
                }
                step(engine, context.threadingMode());
                for (int s = 0; s < specs.length; s++) {
                    sessions.get(s).poll(told.get(s));
                }
            }
        }
        return told;
    }

    @ParameterizedTest
    // vectors take a second of warming: the log-probability is the same Java code whatever gives the logits
    @EnumSource(names = {"AUTO", "REFERENCE"})
    void shouldTellTheSameBitsWhateverComputes(final KernelChoice kernels) {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final Told expected =
                    run(fixture.context(1), spec(5).withLogProbabilities()).get(0);
            assertTrue(expected.bits.size() > TICKS, "more than quiet ticks");
            for (final ThreadingMode mode : new ThreadingMode[] {ThreadingMode.INVOKER, ThreadingMode.SHARED}) {
                final EngineContext context =
                        fixture.context(3).kernels(kernels).warmUpNs(0).threadingMode(mode);
                final List<Told> together =
                        run(context, spec(4), spec(5).withLogProbabilities(), spec(6).withLogProbabilities());
                assertEquals(expected.tokens, together.get(1).tokens, kernels + ", " + mode);
                assertEquals(expected.bits, together.get(1).bits, kernels + ", " + mode);
                assertEquals(together.get(2).tokens.size(), together.get(2).bits.size());
            }
        }
    }

    @Test
    void shouldNotChangeWhatIsDrawn() {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final List<Integer> silent = run(fixture.context(1), spec(5)).get(0).tokens;
            assertEquals(
                    silent,
                    run(fixture.context(1), spec(5).withLogProbabilities()).get(0).tokens);
        }
    }

    @Test
    void shouldTellThemOfTheModelBeforeAnyMask() {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final InteractionConfig ids = InteractionConfig.resolve("default", fixture.model.config());
            // the mask lets one token through: were it counted, log p would be 0
            final Told scripted = run(
                            fixture.context(1),
                            spec(5).withScript(ids.hearTokenId(), 50).withLogProbabilities())
                    .get(0);
            assertEquals(3 * TICKS, scripted.bits.size());
            for (final int bits : scripted.bits) {
                assertTrue(Float.intBitsToFloat(bits) < -0.01f, "log p " + Float.intBitsToFloat(bits));
            }
        }
    }

    @Test
    void shouldSayHowToAskForThem() {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe");
                Engine engine = fixture.launch(1)) {
            final Session session = engine.open(spec(5));
            step(engine);
            final IllegalStateException ex =
                    assertThrows(IllegalStateException.class, () -> session.poll(new Told(true)));
            assertTrue(ex.getMessage().contains("withLogProbabilities"), ex.getMessage());
        }
    }
}
