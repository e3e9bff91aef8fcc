package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.VoiceFixture.Speech;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.Tensor;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.SilenceReason;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session says is what the model says: to the bit, in any company, on time, and all of it. */
@Timeout(240)
class SpeakingSessionTest {
    static final int SESSIONS = 5;

    private static final int TICKS = 5;

    /** It begins to speak, goes on, is held, speaks, and is held twice. */
    private static final boolean[] SPEAKS = {true, true, false, true, false, false};

    @TempDir
    static Path directory;

    private static EngineContext with(final EngineContext context, final KernelChoice kernels, final int threads) {
        assumeTrue(
                kernels != KernelChoice.C || NativeKernels.load().isAvailable(),
                () -> "no C kernels: " + NativeKernels.load().reasons());
        return context.kernels(kernels)
                .threadingMode(threads == 0 ? ThreadingMode.INVOKER : ThreadingMode.SHARED)
                .threads(Math.max(1, threads));
    }

    private static void beat(final Engine engine, final int threads) {
        EngineFixture.step(engine, threads == 0 ? ThreadingMode.INVOKER : ThreadingMode.SHARED);
    }

    @ParameterizedTest
    @EnumSource(
            value = KernelChoice.class,
            names = {"REFERENCE", "VECTOR", "C"})
    void shouldSayWhatTheModelSays(final KernelChoice kernels) throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final List<int[]> expected = fixture.expected(77, SPEAKS);
            for (int threads = 0; threads <= 3; threads++) {
                final Speech speech = new Speech();
                try (Engine engine = Engine.launch(with(fixture.context(1), kernels, threads))) {
                    final Session session =
                            engine.open(SessionSpec.of().withSeed(77).withScript(fixture.script()));
                    for (final boolean speaks : SPEAKS) {
                        session.hold(!speaks);
                        beat(engine, threads);
                        session.poll(speech);
                    }
                }
                assertEquals(SPEAKS.length, speech.samples.size());
                for (int tick = 0; tick < SPEAKS.length; tick++) {
                    final String where = kernels + ", " + threads + " threads, tick " + tick;
                    assertArrayEquals(expected.get(tick), speech.samples.get(tick), where);
                }
            }
            assertEquals(1600, expected.get(2).length, "what was held back comes out");
            assertEquals(0, expected.get(5).length);
            final long different = Arrays.stream(expected.get(1)).distinct().count();
            assertTrue(different > 200, "there is something to hear: " + different + " different samples");
        }
    }

    static List<SessionSpec> specs(final VoiceFixture fixture) {
        final SamplingParameters draw = new SamplingParameters(1f, 60, 0.98f);
        final int say = fixture.ids.sayTokenId();
        final int speak = fixture.ids.speakTokenId();
        return List.of(
                SessionSpec.of().withSeed(1).withScript(fixture.script()),
                SessionSpec.of(Modality.AUDIO, Modality.TEXT).withSeed(2).withSampling(draw),
                SessionSpec.of(Modality.TEXT).withSeed(3).withScript(speak, say),
                SessionSpec.of(Modality.AUDIO).withSeed(4).withScript(fixture.ids.hearTokenId(), 55),
                SessionSpec.of(Modality.TEXT).withSeed(5).withSampling(draw).withLogProbabilities());
    }

    /** Session s joins at beat s, and is held at its tick 2. */
    static List<List<String>> together(
            final Engine engine, final List<SessionSpec> specs, final int threads, final int apart) {
        final List<Session> sessions = new ArrayList<>();
        final List<Speech> heard = new ArrayList<>();
        for (int beat = 0; beat < TICKS + apart * (specs.size() - 1); beat++) {
            for (int s = 0; s < specs.size(); s++) {
                final int tick = beat - apart * s;
                if (tick == 0) {
                    sessions.add(engine.open(specs.get(s)));
                    heard.add(new Speech());
                }
                if (tick >= 0 && tick < TICKS) {
                    EngineFixture.feed(
                            sessions.get(s),
                            specs.get(s).modalities(),
                            specs.get(s).seed(),
                            tick);
                    sessions.get(s).hold(tick == 2);
                } else if (tick == TICKS) {
                    sessions.get(s).close();
                }
            }
            beat(engine, threads);
            for (int s = 0; s < sessions.size(); s++) {
                sessions.get(s).poll(heard.get(s));
            }
        }
        return heard.stream().map(one -> one.ticks).toList();
    }

    static List<List<String>> alone(final VoiceFixture fixture, final NumericClass numerics) {
        final List<List<String>> lone = new ArrayList<>();
        for (final SessionSpec spec : specs(fixture)) {
            try (Engine engine = Engine.launch(fixture.context(1).numerics(numerics))) {
                lone.addAll(together(engine, List.of(spec), 0, 1));
            }
        }
        return lone;
    }

    @ParameterizedTest
    @EnumSource(NumericClass.class)
    void shouldSayTheSameInAnyCompany(final NumericClass numerics) throws IOException {
        assumeTrue(
                NativeKernels.load().isAvailable(),
                () -> "no C kernels: " + NativeKernels.load().reasons());
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final List<List<String>> lone = alone(fixture, numerics);
            assertEquals(SESSIONS, new HashSet<>(lone).size(), "the sessions differ");
            assertTrue(lone.get(0).get(2).contains(" 1600 "), lone.get(0).get(2));
            for (int threads = 0; threads <= 3; threads++) {
                for (int apart = 0; apart <= 1; apart++) {
                    final EngineContext context =
                            with(fixture.context(SESSIONS).numerics(numerics), KernelChoice.C, threads);
                    try (Engine engine = Engine.launch(context)) {
                        assertEquals(lone, together(engine, specs(fixture), threads, apart), threads + " threads");
                    }
                }
            }
        }
    }

    @Test
    void shouldSayTheSameInAnyCompanyWithJavaKernels() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final List<List<String>> lone = alone(fixture, NumericClass.EXACT);
            for (final KernelChoice kernels : new KernelChoice[] {KernelChoice.REFERENCE, KernelChoice.VECTOR}) {
                try (Engine engine = Engine.launch(with(fixture.context(SESSIONS), kernels, 2))) {
                    assertEquals(lone, together(engine, specs(fixture), 2, 1), kernels.toString());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"INVOKER, CPU, 30", "SHARED, CPU, 30", "DEDICATED, CPU, 30", "SHARED, CUDA, 9"})
    void shouldAccountForTheTimeItSpeaks(final ThreadingMode mode, final DeviceChoice device, final int ticks)
            throws IOException {
        final List<Double> shares = new ArrayList<>();
        try (VoiceFixture fixture = new VoiceFixture(directory);
                Engine engine = Engine.launch(EngineFixture.on(device, fixture.context(1))
                        .threadingMode(mode)
                        .clock(SystemNanoClock.INSTANCE))) {
            final Session session = engine.open(SessionSpec.of().withScript(fixture.script()));
            for (int tick = 0; tick < ticks; tick++) {
                session.hold(tick % 3 == 2);
                EngineFixture.step(engine, mode);
                final int number = tick;
                assertEquals(1, session.poll(event -> {
                    long sum = event.unattributedNs();
                    for (final Stage stage : Stage.values()) {
                        assertTrue(event.stageNs(stage) >= 0, stage.toString());
                        sum += event.stageNs(stage);
                    }
                    assertEquals(event.wallNs(), sum, "tick " + number);
                    assertTrue(event.unattributedNs() >= 0, "tick " + number + " counts time twice");
                    assertTrue(event.stageNs(Stage.SPEAK) > 0, "tick " + number + " speaks, or flushes what it said");
                    assertEquals(number % 3 != 2, event.isSaying());
                    final SilenceReason reason = number % 3 == 2 ? SilenceReason.HELD : SilenceReason.NONE;
                    assertEquals(reason, event.reason(), "tick " + number);
                    assertEquals(number % 3 == 2 ? 1 : 7, event.tokens());
                    shares.add((double) event.unattributedNs() / event.wallNs());
                }));
            }
        }
        final double median = shares.stream().sorted().toList().get(shares.size() / 2);
        assertTrue(median < 0.01, device + ", " + mode + ": median unattributed share " + median);
    }

    @Test
    void shouldBeHushedWhenHeldOrMuted() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory);
                Engine engine = Engine.launch(fixture.context(1))) {
            final Session session = engine.open(SessionSpec.of().withScript(fixture.script()));
            final Speech speech = new Speech();
            session.mute(true);
            beat(engine, 0);
            session.mute(false);
            beat(engine, 0);
            session.hold(true);
            beat(engine, 0);
            session.poll(speech);
            assertEquals(
                    List.of(0, 3200, 1600),
                    speech.samples.stream().map(s -> s.length).toList());
            assertFalse(speech.ticks.get(0).contains("" + TickEvent.BLOCK), speech.ticks.get(0));
            assertTrue(speech.ticks.get(1).contains(" -2 -2 -2 -2 "), speech.ticks.get(1));
        }
    }

    /** The fixture's model with a flow head that overflows, though all of its weights are finite. */
    private static LoadedModel loud(final VoiceFixture fixture, final FreezableArena arena) {
        final String name = "model.audio_out.flow.out.weight";
        final Checkpoint checkpoint = Checkpoint.open(fixture.model.directory(), fixture.ledger);
        final List<Tensor> tensors = new ArrayList<>();
        for (final String each : checkpoint.names()) {
            final Tensor tensor = checkpoint.tensor(each);
            if (each.equals(name)) {
                final MemorySegment data = arena.allocate(MemoryTag.TEST, tensor.elements() * Float.BYTES, 64);
                for (long i = 0; i < tensor.elements(); i++) {
                    data.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.MAX_VALUE);
                }
                tensors.add(new Tensor(tensor.file(), name, DType.F32, tensor.shape(), data));
            } else {
                tensors.add(copy(tensor, arena));
            }
        }
        checkpoint.close();
        final Checkpoint changed = Checkpoint.inMemory(fixture.model.directory(), tensors);
        return LoadedModel.of(fixture.model.config(), changed, fixture.model.tables(), fixture.ledger);
    }

    private static Tensor copy(final Tensor tensor, final FreezableArena arena) {
        final MemorySegment data = arena.allocate(MemoryTag.TEST, tensor.data().byteSize(), 64);
        data.copyFrom(tensor.data());
        return new Tensor(tensor.file(), tensor.name(), tensor.dtype(), tensor.shape(), data);
    }

    @ParameterizedTest
    @EnumSource(DeviceChoice.class)
    void shouldEndASessionWhoseSpeechIsNoNumber(final DeviceChoice device) throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory);
                FreezableArena arena = new FreezableArena(fixture.ledger);
                LoadedModel model = loud(fixture, arena);
                Engine engine = Engine.launch(
                        EngineFixture.on(device, fixture.context(2)).model(model))) {
            final Session loud = engine.open(SessionSpec.of().withScript(fixture.script()));
            final Session neighbour = engine.open(SessionSpec.of().withScript(fixture.ids.hearTokenId(), 55));
            final Speech heard = new Speech();
            final EndReason[] end = {null};
            beat(engine, 0);
            loud.poll(new SessionHandler() {
                @Override
                public void onTick(final TickEvent event) {
                    heard.onTick(event);
                }

                @Override
                public void onEnd(final EndReason reason, final long ticks) {
                    end[0] = reason;
                }
            });
            assertEquals(EndReason.NOT_FINITE, end[0]);
            assertEquals(0, heard.samples.stream().mapToInt(bits -> bits.length).sum(), "silence is not speech");
            final Speech quiet = new Speech();
            neighbour.poll(quiet);
            assertEquals(1, quiet.ticks.size(), "a neighbour goes on");
        }
    }

    @Test
    void shouldLoseWholeTicksWhenNobodyReads() throws IOException {
        final int ticks = 40;
        try (VoiceFixture fixture = new VoiceFixture(directory);
                Engine engine = Engine.launch(fixture.context(2))) {
            final SessionSpec spec = SessionSpec.of().withScript(fixture.script());
            final Session slow = engine.open(spec);
            final Session quick = engine.open(spec);
            final Speech ofSlow = new Speech();
            final Speech ofQuick = new Speech();
            for (int tick = 0; tick < ticks; tick++) {
                beat(engine, 0);
                quick.poll(ofQuick);
            }
            while (slow.poll(ofSlow) > 0) {
                // as long as something waits
            }
            beat(engine, 0);
            slow.poll(ofSlow);
            quick.poll(ofQuick);
            assertEquals(0, quick.lostRecords());
            assertEquals(ticks + 1, ofQuick.ticks.size());
            final int kept = ofSlow.ticks.size() - 1;
            assertTrue(kept > 20, "kept " + kept);
            assertEquals(ticks - kept, slow.lostRecords());
            assertEquals(ofQuick.ticks.subList(0, kept), ofSlow.ticks.subList(0, kept));
            assertEquals(ofQuick.ticks.get(ticks), ofSlow.ticks.get(kept), "it goes on as if nothing had been lost");
        }
    }

    @Test
    void shouldRefuseScriptsThatCannotBeSaid() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory);
                Engine engine = Engine.launch(fixture.context(1))) {
            final int say = fixture.ids.sayTokenId();
            final IllegalArgumentException middle = assertThrows(
                    IllegalArgumentException.class,
                    () -> engine.open(SessionSpec.of().withScript(say, 55)));
            assertTrue(middle.getMessage().contains("expected it last"), middle.getMessage());
            final int[] late = new int[10];
            Arrays.fill(late, fixture.ids.hearTokenId());
            late[9] = say;
            assertThrows(
                    IllegalArgumentException.class,
                    () -> engine.open(SessionSpec.of().withScript(late)));
            final Session session = engine.open(SessionSpec.of());
            beat(engine, 0);
            session.poll(event -> assertThrows(IllegalStateException.class, event::speech));
        }
        try (EngineFixture silent = new EngineFixture("multimodal-moe");
                Engine engine = silent.launch(1)) {
            final AdmissionException mute = assertThrows(
                    AdmissionException.class, () -> engine.open(SessionSpec.of().withScript(3, 8)));
            assertTrue(mute.getMessage().contains("does not speak"), mute.getMessage());
        }
    }

    @Test
    void shouldTakeTheMemoryThatThePlanSays() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            for (final KernelChoice kernels : new KernelChoice[] {KernelChoice.VECTOR, KernelChoice.AUTO}) {
                final MemoryLedger ledger = new MemoryLedger();
                final EngineContext context =
                        with(fixture.context(3), kernels, 2).ledger(ledger);
                final MemoryPlan plan = context.conclude().memoryPlan();
                try (Engine engine = Engine.launch(context)) {
                    assertNotEquals("", engine.backendName());
                    for (final MemoryTag tag : PlanAgainstLedgerTest.PROMISED) {
                        assertEquals(plan.bytes(tag), ledger.liveBytes(tag), tag.toString());
                    }
                }
            }
        }
    }
}
