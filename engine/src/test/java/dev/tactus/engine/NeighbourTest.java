package dev.tactus.engine;

import static dev.tactus.engine.EngineFixture.feed;
import static dev.tactus.engine.EngineFixture.step;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.EngineFixture.Listener;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A session's tokens depend on its seed and its inputs, never on the company it keeps. */
@Timeout(120)
class NeighbourTest {
    static final int SESSIONS = 8;

    private static final int TICKS = 6;

    private static int modalities(final long seed) {
        return Modality.TEXT.bit()
                | (seed % 4 == 3 ? 0 : Modality.AUDIO.bit())
                | (seed % 2 == 0 ? Modality.VIDEO.bit() : 0);
    }

    static SessionSpec spec(final long seed) {
        return new SessionSpec(modalities(seed), seed, new SamplingParameters(1f, 60, 0.98f));
    }

    /** What a session of this seed puts out when it is alone. */
    private static List<String> lone(final Engine engine, final long seed, final ThreadingMode mode) {
        final Session session = engine.open(spec(seed));
        final Listener heard = new Listener();
        for (int tick = 0; tick < TICKS; tick++) {
            feed(session, modalities(seed), seed, tick);
            step(engine, mode);
            session.poll(heard);
        }
        session.close();
        step(engine, mode);
        session.poll(heard);
        assertEquals(EndReason.CLOSED, heard.end);
        return heard.ticks;
    }

    /** What eight sessions put out, each of them alone. */
    static List<List<String>> loneRuns(final EngineContext context) {
        final List<List<String>> runs = new ArrayList<>();
        try (Engine engine = Engine.launch(context)) {
            for (long seed = 0; seed < SESSIONS; seed++) {
                runs.add(lone(engine, seed, ThreadingMode.INVOKER));
            }
        }
        assertTrue(new HashSet<>(runs).size() == SESSIONS, "the sessions differ");
        return runs;
    }

    @Test
    void shouldKeepSessionBitsWhenNeighboursJoinAndLeave() {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final List<List<String>> expected = loneRuns(fixture.context(1));
            for (final ThreadingMode mode : ThreadingMode.values()) {
                try (Engine engine = Engine.launch(fixture.context(SESSIONS).threadingMode(mode))) {
                    assertEquals(expected, together(engine, mode), mode.toString());
                    assertNull(engine.failure());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(NumericClass.class)
    void shouldKeepSessionBitsInEveryClassOfTheCKernels(final NumericClass numerics) {
        assumeTrue(
                NativeKernels.load().isAvailable(),
                () -> "no C kernels: " + NativeKernels.load().reasons());
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final List<List<String>> expected = loneRuns(inC(fixture, 1, numerics));
            assertEquals(expected, loneRuns(inC(fixture, 1, numerics)), "another engine, the same bits");
            if (numerics == NumericClass.EXACT) {
                assertEquals(loneRuns(fixture.context(1)), expected, "the bits of the reference kernels");
            }
            for (final ThreadingMode mode : ThreadingMode.values()) {
                try (Engine engine =
                        Engine.launch(inC(fixture, SESSIONS, numerics).threadingMode(mode))) {
                    assertTrue(
                            numerics == NumericClass.EXACT
                                    || engine.backendName().endsWith(numerics.label()),
                            engine.backendName());
                    assertEquals(expected, together(engine, mode), numerics + ", " + mode);
                    assertNull(engine.failure());
                }
            }
        }
    }

    private static EngineContext inC(final EngineFixture fixture, final int sessions, final NumericClass numerics) {
        return fixture.context(sessions)
                .kernels(KernelChoice.C)
                .numerics(numerics)
                .warmUpNs(0);
    }

    /** Session s joins at beat s/2 and leaves after its ticks, so that at every beat the company is another. */
    static List<List<String>> together(final Engine engine, final ThreadingMode mode) {
        final Session[] sessions = new Session[SESSIONS];
        final Listener[] heard = new Listener[SESSIONS];
        for (int beat = 0; beat < TICKS + SESSIONS / 2 + 1; beat++) {
            for (int s = 0; s < SESSIONS; s++) {
                final int tick = beat - s / 2;
                if (tick == 0) {
                    sessions[s] = engine.open(spec(s));
                    heard[s] = new Listener();
                }
                if (tick >= 0 && tick < TICKS) {
                    feed(sessions[s], modalities(s), s, tick);
                } else if (tick == TICKS) {
                    sessions[s].close();
                }
            }
            step(engine, mode);
            for (int s = 0; s < SESSIONS; s++) {
                if (sessions[s] != null) {
                    sessions[s].poll(heard[s]);
                }
            }
        }
        final List<List<String>> result = new ArrayList<>();
        for (final Listener listener : heard) {
            assertEquals(EndReason.CLOSED, listener.end);
            result.add(listener.ticks);
        }
        return result;
    }

    /** A copy of the golden in which anything heard, and nothing else, sums to infinity: all bins of two mels are. */
    private static Path poisoned(final Path directory) throws IOException {
        final Path golden = EngineFixture.path("multimodal-moe");
        Files.copy(golden.resolve(ModelConfig.FILE_NAME), directory.resolve(ModelConfig.FILE_NAME));
        final byte[] file = Files.readAllBytes(golden.resolve(Checkpoint.SINGLE_FILE));
        final ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        final int headerLength = (int) bytes.getLong(0);
        final String header = new String(file, 8, headerLength, StandardCharsets.UTF_8);
        final Matcher tensor = Pattern.compile("\"model\\.audio\\.encoder\\.weight\":\\{\"dtype\":\"(\\w+)\".*?"
                        + "\"data_offsets\":\\[(\\d+),(\\d+)]")
                .matcher(header.replace(" ", ""));
        assertTrue(tensor.find(), "the golden hears");
        final int start = 8 + headerLength + Integer.parseInt(tensor.group(2));
        final int rows = 80 * 16;
        final int rowBytes = (Integer.parseInt(tensor.group(3)) - Integer.parseInt(tensor.group(2))) / rows;
        for (int row = 0; row < 2 * 16; row++) {
            for (int at = 0; at < rowBytes; at += tensor.group(1).equals("F32") ? 4 : 2) {
                if (tensor.group(1).equals("F32")) {
                    bytes.putFloat(start + row * rowBytes + at, 3e38f);
                } else {
                    bytes.putShort(start + row * rowBytes + at, (short) (Float.floatToIntBits(3e38f) >>> 16));
                }
            }
        }
        Files.write(directory.resolve(Checkpoint.SINGLE_FILE), file);
        return directory;
    }

    @ParameterizedTest
    @EnumSource(DeviceChoice.class)
    void shouldEndOnlyTheSessionWhoseLogitsAreNotFinite(final DeviceChoice device, @TempDir final Path directory)
            throws IOException {
        try (EngineFixture fixture = new EngineFixture(poisoned(directory))) {
            final List<String> expected;
            final List<String> expectedAfter;
            try (Engine engine = fixture.launch(1)) {
                expected = lone(engine, 3, ThreadingMode.INVOKER);
                expectedAfter = lone(engine, 7, ThreadingMode.INVOKER);
            }
            try (Engine engine = Engine.launch(EngineFixture.on(device, fixture.context(2)))) {
                final Session hearing = engine.open(SessionSpec.of(Modality.AUDIO));
                final Session other = engine.open(spec(3));
                final Listener ofHearing = new Listener();
                final Listener ofOther = new Listener();
                for (int tick = 0; tick < TICKS; tick++) {
                    final MemorySegment slot = tick == 1 ? hearing.audio().claim() : null;
                    if (slot != null) {
                        hearing.audio().skip(4);
                        slot.fill((byte) 0);
                        hearing.audio().commit(0);
                    }
                    feed(other, modalities(3), 3, tick);
                    step(engine);
                    hearing.poll(ofHearing);
                    other.poll(ofOther);
                }
                assertEquals(EndReason.NOT_FINITE, ofHearing.end);
                assertEquals(2, ofHearing.endTicks);
                assertEquals("STALLED", ofHearing.reasons.get(1));
                assertEquals(expected, ofOther.ticks);
                assertNull(engine.failure());
                other.close();
                step(engine);
                other.poll(ofOther);
                final String where = "the keys of index " + hearing.index() + " are still NaN";
                assertEquals(expectedAfter, lone(engine, 7, ThreadingMode.INVOKER), where);
            }
        }
    }
}
