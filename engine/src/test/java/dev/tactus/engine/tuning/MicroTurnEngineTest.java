package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * A live session with sound, pictures and text, with gaps, a cut and ticks that were skipped; and the same micro-turns
 * as a sequence to train on: what the engine said of its tokens, the trainer says too, to the bit.
 */
class MicroTurnEngineTest {
    private static final long SEED = 20_261_122L;
    private static final int MODALITIES = Modality.AUDIO.bit() | Modality.VIDEO.bit() | Modality.TEXT.bit();
    private static final int POSITIONS = 600;

    @TempDir
    static Path directory;

    private static Path model;

    private final MemoryLedger ledger = new MemoryLedger();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private long nowNs = 1;

    @BeforeAll
    static void writeModel() throws IOException {
        model = directory.resolve("random");
        RandomModel.write(model, 1_000_000, SEED, true);
    }

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    /** What a session drew. */
    private static final class Drawn implements SessionHandler {
        private final List<int[]> outputs = new ArrayList<>();
        private final List<Integer> bits = new ArrayList<>();
        private int skipped;
        private EndReason end;

        @Override
        public void onTick(final TickEvent event) {
            final int[] ids = new int[event.tokens()];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = event.tokenId(i);
                assertTrue(event.logProbability(i) <= 0, "log p " + event.logProbability(i));
                bits.add(Float.floatToRawIntBits(event.logProbability(i)));
            }
            if (ids.length == 0) {
                skipped++;
            } else {
                outputs.add(ids);
            }
        }

        @Override
        public void onEnd(final EndReason reason, final long ticks) {
            end = reason;
        }
    }

    private float[] sound() {
        final float[] samples = new float[800];
        final double pitch = random.nextDouble(0.01, 0.4);
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (float) (0.4 * Math.sin(pitch * i) + 0.02 * random.nextGaussian());
        }
        return samples;
    }

    private byte[] frame(final InteractionConfig ids) {
        final byte[] frame = new byte[ids.videoRows() * 40 * ids.videoCols() * 40 * 3];
        random.nextBytes(frame);
        return frame;
    }

    private List<TurnInput> script(final InteractionConfig ids) {
        final TurnInput heard = TurnInput.NOTHING.withSamples(sound(), sound(), sound(), sound());
        return List.of(
                TurnInput.NOTHING.withText(300, 301, 302).withFrame(frame(ids)),
                heard,
                TurnInput.NOTHING.withSamples(sound(), null, sound(), sound()).withFrame(frame(ids)),
                TurnInput.NOTHING.withSamples(null, sound(), null, null).withText(400),
                TurnInput.NOTHING,
                TurnInput.NOTHING
                        .withSamples(sound(), sound(), sound(), null)
                        .withCut()
                        .withFrame(frame(ids)),
                heard,
                TurnInput.NOTHING
                        .withSamples(sound(), sound(), sound(), sound())
                        .withFrame(frame(ids))
                        .after(2),
                TurnInput.NOTHING.withText(500, 501).after(1).withCut(),
                heard.withText(random.ints(ids.textInMax(), 20, 900).toArray()),
                heard.after(1));
    }

    private Drawn live(final LoadedModel loaded, final InteractionConfig ids, final List<TurnInput> script) {
        final Drawn drawn = new Drawn();
        nowNs = 1;
        try (Engine engine = Engine.launch(new EngineContext()
                .model(loaded)
                .interaction(ids)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.REALTIME)
                .warmUpNs(0)
                .clock(() -> nowNs)
                .ledger(ledger))) {
            engine.invoker().doWork();
            final Session session = engine.open(
                    new SessionSpec(MODALITIES, SEED, new SamplingParameters(1f, 200, 1f)).withLogProbabilities());
            long beat = 0;
            for (final TurnInput input : script) {
                beat += input.skippedBefore();
                nowNs = engine.grid().originNs() + beat * EngineContext.PERIOD_NS;
                feed(session, input);
                nowNs += EngineContext.PERIOD_NS;
                while (engine.completedBeats() <= beat) {
                    engine.invoker().doWork();
                }
                session.poll(drawn);
                beat++;
            }
            assertNull(engine.failure());
            assertNull(drawn.end);
        }
        return drawn;
    }

    private void feed(final Session session, final TurnInput input) {
        if (input.cut()) {
            session.interrupted();
        }
        session.audio().skip(4 * input.skippedBefore());
        for (final AudioSlot slot : input.audio()) {
            if (slot instanceof AudioSlot.Samples sound) {
                final MemorySegment memory = session.audio().claim();
                MemorySegment.copy(sound.samples(), 0, memory, ValueLayout.JAVA_FLOAT, 0, 800);
                assertTrue(session.audio().commit(nowNs));
            } else {
                session.audio().skip(1);
            }
        }
        session.audio().skip(4 - input.audio().size());
        if (input.frame() != null) {
            MemorySegment.copy(
                    input.frame(), 0, session.video().claim(), ValueLayout.JAVA_BYTE, 0, input.frame().length);
            assertTrue(session.video().commit(nowNs));
        }
        assertEquals(input.text().length, session.text().offer(input.text(), nowNs));
    }

    private static TrainingExample example(
            final TurnMemory memory, final List<TurnInput> script, final List<int[]> outputs) {
        final MicroTurnSequence sequence = memory.sequence(MODALITIES, TokenWeights.EQUAL);
        for (int i = 0; i < script.size(); i++) {
            sequence.add(MicroTurn.of(script.get(i), outputs.get(i)));
        }
        return sequence.build();
    }

    private static int[] bits(final float... values) {
        final int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    private int[] trained(final TrainingLimits limits, final TrainingExample example) {
        try (Trainer trainer = Trainer.open(model, TrainerSettings.of(limits), ledger)) {
            return bits(trainer.logProbabilities(List.of(example)).get(0));
        }
    }

    private static TrainingLimits limits(final int globalWindow, final int sinks) {
        return new TrainingLimits(1, POSITIONS, POSITIONS, 200, 100, 100, globalWindow, sinks);
    }

    @Test
    void shouldGiveTheLogProbabilitiesOfTheEngineToTheBit(final TestReporter reporter) {
        try (LoadedModel loaded = LoadedModel.open(model, ledger)) {
            final InteractionConfig ids = InteractionConfig.resolve(null, loaded.config());
            final List<TurnInput> script = script(ids);
            final Drawn drawn = live(loaded, ids, script);
            assertEquals(script.size(), drawn.outputs.size());
            assertEquals(4, drawn.skipped);
            try (TurnMemory memory = new TurnMemory(loaded.config(), ids, 100, 100, ledger)) {
                final TrainingExample example = example(memory, script, drawn.outputs);
                final int positions = example.example().sequence().ids().length;
                reporter.publishEntry("session", positions + " positions, " + example.outputs() + " outputs");
                assertTrue(example.outputs() > 2 * script.size(), "outputs " + example.outputs() + ", seed " + SEED);
                assertEquals(drawn.bits.size(), example.outputs());
                final int[] expected = drawn.bits.stream().mapToInt(bit -> bit).toArray();
                assertArrayEquals(expected, trained(limits(Integer.MAX_VALUE, 0), example), "seed " + SEED);
                final List<TurnInput> other = new ArrayList<>(script);
                final float[] quieter = sound();
                other.set(3, script.get(3).withSamples(null, quieter, null, null));
                memory.reset();
                final int[] moved = trained(limits(Integer.MAX_VALUE, 0), example(memory, other, drawn.outputs));
                assertFalse(Arrays.equals(expected, moved), "another sound, the same bits");
            }
        }
    }

    @Test
    void shouldGiveThemBeyondTheWindowWhenTheTrainerForgetsAsTheEngineDoes() {
        try (LoadedModel loaded = LoadedModel.open(model, ledger)) {
            final InteractionConfig ids =
                    InteractionConfig.resolve(null, loaded.config()).withContext(5, 48);
            final List<TurnInput> script = script(ids);
            final Drawn drawn = live(loaded, ids, script);
            try (TurnMemory memory = new TurnMemory(loaded.config(), ids, 100, 100, ledger)) {
                final TrainingExample example = example(memory, script, drawn.outputs);
                assertTrue(example.example().sequence().ids().length > 2 * 48, "shorter than its window");
                final int[] expected = drawn.bits.stream().mapToInt(bit -> bit).toArray();
                assertArrayEquals(expected, trained(limits(48, 5), example), "seed " + SEED);
                final int[] farther = trained(limits(Integer.MAX_VALUE, 0), example);
                assertFalse(Arrays.equals(expected, farther), "nothing was forgotten");
                final int first = (int) Arrays.stream(example.example().outputs())
                        .filter(position -> position < 48)
                        .count();
                assertArrayEquals(Arrays.copyOf(expected, first), Arrays.copyOf(farther, first));
            }
        }
    }
}
