package dev.tactus.engine;

import static dev.tactus.engine.EngineFixture.step;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.EngineFixture.Listener;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.MemoryTag;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions come and go, engines open and close. */
@Timeout(60)
class EngineLifecycleTest {
    private final EngineFixture fixture = new EngineFixture("multimodal-moe");

    @AfterEach
    void close() {
        fixture.close();
    }

    private static SessionSpec text() {
        return SessionSpec.of(Modality.TEXT);
    }

    @Test
    void shouldReuseAnIndexOnceItsEndWasPolled() {
        try (Engine engine = fixture.launch(2)) {
            final Session first = engine.open(text());
            final Session second = engine.open(text());
            assertNotEquals(first.index(), second.index());
            step(engine);
            first.close();
            step(engine);
            assertThrows(AdmissionException.class, () -> engine.open(text()), "its end was not polled yet");
            final Listener heard = new Listener();
            assertEquals(1, first.poll(heard));
            assertTrue(first.isEnded());
            assertEquals(EndReason.CLOSED, heard.end);
            assertEquals(1, heard.endTicks);
            final Session third = engine.open(text());
            assertEquals(first.index(), third.index());
            assertNotEquals(first.generation(), third.generation());
            step(engine);
            assertEquals(0, first.poll(heard));
            assertEquals(1, heard.ends);
            final Listener other = new Listener();
            third.poll(other);
            assertEquals(1, other.ticks.size());
            assertTrue(other.ticks.get(0).startsWith("0:"), other.ticks.toString());
        }
    }

    @Test
    void shouldReuseTheIndexOfASessionThatWasAbandoned() {
        try (Engine engine = fixture.launch(1)) {
            final Session first = engine.open(text());
            first.abandon();
            assertThrows(AdmissionException.class, () -> engine.open(text()), "it ends at the next seal");
            step(engine);
            assertEquals(first.index(), engine.open(text()).index());
        }
    }

    @Test
    void shouldKeepTheNextSessionOutOfARingThatIsBeingRead() {
        try (Engine engine = fixture.launch(1)) {
            final Session old = engine.open(text());
            step(engine);
            step(engine);
            old.stop();
            step(engine);
            final int[] told = {0};
            old.poll(event -> {
                told[0]++;
                old.abandon();
                assertThrows(AdmissionException.class, () -> engine.open(text()), "the ring is being read");
            });
            assertEquals(1, told[0], "nothing is told after it was abandoned");
            final Session next = engine.open(text());
            assertEquals(old.index(), next.index());
            for (int tick = 0; tick < 5; tick++) {
                step(engine);
                assertEquals(1, next.poll(event -> {}));
            }
        }
    }

    @Test
    void shouldNotTouchTheNextSessionThroughAnOldHandle() {
        try (Engine engine = fixture.launch(1)) {
            final Session old = engine.open(SessionSpec.of(Modality.AUDIO, Modality.TEXT));
            old.close();
            step(engine);
            old.poll(new Listener());
            final Session next =
                    engine.open(SessionSpec.of(Modality.AUDIO, Modality.TEXT).withScript(2));
            assertNull(old.audio().claim());
            assertEquals(0, old.text().offer(new int[] {20}, 0));
            old.stop();
            old.hold(true);
            old.abandon();
            old.close();
            step(engine);
            next.close();
            step(engine);
            assertThrows(AdmissionException.class, () -> engine.open(text()), "the end of the next was not polled");
            final Listener heard = new Listener();
            assertEquals(1, next.poll(heard));
            assertEquals(EndReason.CLOSED, heard.end);
            assertEquals(List.of("STARVED"), heard.reasons, "quiet, not held");
            assertEquals(0, engine.counters().get(LoopCounters.STALE));
        }
    }

    @Test
    void shouldSayWhyASessionIsRefused() {
        try (Engine engine = fixture.launch(1)) {
            final SessionSpec tooLong = text().withScript(new int[EngineMemory.maxScript() + 1]);
            assertThrows(IllegalArgumentException.class, () -> engine.open(tooLong));
            for (final int id : new int[] {-1, fixture.model.config().text().unpaddedVocab(), Integer.MAX_VALUE}) {
                assertThrows(IllegalArgumentException.class, () -> engine.open(text().withScript(id)), "id " + id);
            }
            assertThrows(NullPointerException.class, () -> text().withSampling(null));
            engine.open(text());
            final AdmissionException full = assertThrows(AdmissionException.class, () -> engine.open(text()));
            assertTrue(full.getMessage().contains("maxSessions"), full.getMessage());
        }
        final Engine closed = fixture.launch(1);
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.open(text()));
    }

    /** A copy of a golden whose audio and vision tensors have names that the loader passes over. */
    private static Path deafAndBlind(final Path directory) throws IOException {
        final Path golden = EngineFixture.path("text-dense");
        Files.copy(golden.resolve(ModelConfig.FILE_NAME), directory.resolve(ModelConfig.FILE_NAME));
        // names of equal length: the header keeps its size
        final String file = Files.readString(golden.resolve(Checkpoint.SINGLE_FILE), StandardCharsets.ISO_8859_1)
                .replace("\"model.audio.", "\"model.mtp.a.")
                .replace("\"model.visual.", "\"model.mtp.vi.");
        Files.writeString(directory.resolve(Checkpoint.SINGLE_FILE), file, StandardCharsets.ISO_8859_1);
        return directory;
    }

    @Test
    void shouldRefuseModalitiesThatTheModelLacks(@TempDir final Path directory) throws IOException {
        try (EngineFixture deaf = new EngineFixture(deafAndBlind(directory));
                Engine engine = deaf.launch(1)) {
            final AdmissionException audio =
                    assertThrows(AdmissionException.class, () -> engine.open(SessionSpec.of(Modality.AUDIO)));
            assertTrue(audio.getMessage().contains("AUDIO"), audio.getMessage());
            final AdmissionException video =
                    assertThrows(AdmissionException.class, () -> engine.open(SessionSpec.of(Modality.VIDEO)));
            assertTrue(video.getMessage().contains("VIDEO"), video.getMessage());
            assertNotNull(engine.open(text()), "a refusal takes nothing");
        }
    }

    @Test
    void shouldOpenAndCloseWhileTheBeatRuns() {
        try (Engine engine = Engine.launch(fixture.context(2).threadingMode(ThreadingMode.SHARED))) {
            for (int round = 0; round < 12; round++) {
                final Session session = engine.open(text());
                final Listener heard = new Listener();
                final int ticks = round % 3;
                for (int i = 0; i < ticks; i++) {
                    step(engine, ThreadingMode.SHARED);
                }
                if (round % 2 == 0) {
                    session.close();
                } else {
                    session.stop();
                }
                step(engine, ThreadingMode.SHARED);
                session.poll(heard);
                assertEquals(ticks, heard.ticks.size());
                assertEquals(round % 2 == 0 ? EndReason.CLOSED : EndReason.STOPPED, heard.end);
            }
            assertNull(engine.failure());
        }
    }

    @Test
    void shouldGenerateNothingAfterTheTickThatItWasStoppedIn() {
        try (Engine engine = fixture.launch(2)) {
            final Session stopped = engine.open(text());
            final Session other = engine.open(text());
            step(engine);
            engine.step();
            engine.invoker().doWork();
            stopped.stop();
            while (engine.completedBeats() < 2) {
                engine.invoker().doWork();
            }
            step(engine);
            step(engine);
            final Listener heard = new Listener();
            stopped.poll(heard);
            assertEquals(2, heard.ticks.size(), "the tick in flight is the last");
            assertEquals(EndReason.STOPPED, heard.end);
            assertEquals(2, heard.endTicks);
            final Listener goesOn = new Listener();
            other.poll(goesOn);
            assertEquals(4, goesOn.ticks.size());
            assertNull(goesOn.end);
        }
    }

    @Test
    void shouldEndSessionsThatAnEngineTakesWithIt() {
        for (final ThreadingMode mode : new ThreadingMode[] {ThreadingMode.INVOKER, ThreadingMode.SHARED}) {
            final Engine engine = Engine.launch(fixture.context(2).threadingMode(mode));
            final Session live = engine.open(SessionSpec.of(Modality.AUDIO));
            final Session stopped = engine.open(text());
            step(engine, mode);
            stopped.stop();
            step(engine, mode);
            engine.close();
            engine.close();
            final Listener heard = new Listener();
            assertEquals(0, live.poll(heard));
            assertEquals(EndReason.CLOSED, heard.end);
            assertEquals(2, heard.endTicks);
            assertTrue(live.isEnded());
            live.poll(heard);
            assertEquals(1, heard.ends);
            stopped.poll(heard);
            assertEquals(EndReason.STOPPED, heard.end, "it had ended before");
            assertNull(live.audio().claim());
            live.hold(true);
            live.close();
        }
    }

    @Test
    void shouldCloseOnAnInterruptedThread() {
        final Engine engine = Engine.launch(fixture.context(1).threadingMode(ThreadingMode.SHARED));
        engine.open(text());
        engine.step();
        Thread.currentThread().interrupt();
        engine.close();
        assertTrue(Thread.interrupted());
        assertEquals(0, fixture.ledger.liveBytes(MemoryTag.KV));
    }

    @Test
    void shouldGiveEveryTickToAConsumerThatPollsOncePerTick() {
        try (Engine engine = fixture.launch(1)) {
            final Session session = engine.open(text());
            session.hold(true);
            final Listener heard = new Listener();
            for (int tick = 0; tick < 400; tick++) {
                step(engine);
                assertEquals(1, session.poll(heard), "tick " + tick);
            }
            assertEquals(0, session.lostRecords());
            assertEquals(Set.of("HELD"), new TreeSet<>(heard.reasons));
        }
    }

    @Test
    void shouldCountWhatASlowConsumerLosesAndStillTellItTheEnd() {
        try (Engine engine = fixture.launch(1)) {
            final Session session = engine.open(text());
            session.hold(true);
            final int ticks = 300;
            for (int tick = 0; tick < ticks; tick++) {
                step(engine);
            }
            session.close();
            step(engine);
            final Listener heard = new Listener();
            while (!session.isEnded()) {
                session.poll(heard);
            }
            assertTrue(session.lostRecords() > 0 && heard.ticks.size() >= 64, heard.ticks.size() + " ticks were kept");
            assertEquals(ticks, session.lostRecords() + heard.ticks.size());
            assertEquals(ticks, heard.endTicks);
            assertEquals("63: " + 2, heard.ticks.get(63), "the oldest ones are kept, in order");
        }
    }

    @Test
    void shouldHoldAndMuteAtTheNextSeal() {
        try (Engine engine = fixture.launch(1)) {
            final Session session = engine.open(text().withScript(2));
            step(engine);
            session.hold(true);
            step(engine);
            session.hold(false);
            session.mute(true);
            step(engine);
            session.mute(false);
            step(engine);
            final Listener heard = new Listener();
            session.poll(heard);
            assertEquals(List.of("CHOSE", "HELD", "MUTED", "CHOSE"), heard.reasons);
        }
    }

    @Test
    void shouldRefuseAControlRatherThanHangWhenNobodyDrivesTheLoop() {
        try (Engine engine = fixture.launch(1)) {
            final Session session = engine.open(text());
            final IllegalStateException full = assertThrows(IllegalStateException.class, () -> {
                for (int i = 0; i < 100_000; i++) {
                    session.hold(true);
                }
            });
            assertTrue(full.getMessage().contains("no beat is sealed"), full.getMessage());
            step(engine);
            session.hold(false);
            step(engine);
            assertNull(engine.failure());
        }
    }

    @Test
    void shouldRefuseControlTokensThatTheModelHasNot() {
        final InteractionConfig beyond =
                new InteractionConfig(200, 1, 2, 3, 8, 9, 10, 11, 260, 13, 16, 6, 3, 4, 16, 4096, Optional.empty());
        final EngineContext context = fixture.context(1).interaction(beyond);
        final IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Engine.launch(context));
        assertTrue(refused.getMessage().contains("hear_token_id"), refused.getMessage());
    }

    @Test
    void shouldFreeEverythingWhenALaunchFails() {
        final long before = fixture.ledger.liveBytes();
        final EngineContext context = fixture.context(1)
                .threadingMode(ThreadingMode.SHARED)
                .threadFactory(body -> {
                    throw new IllegalStateException("no threads today");
                });
        assertThrows(IllegalStateException.class, () -> Engine.launch(context));
        assertEquals(before, fixture.ledger.liveBytes(), fixture.ledger.toString());
        final int[] made = {0};
        final EngineContext second = fixture.context(1)
                .threadingMode(ThreadingMode.SHARED)
                .threadFactory(body -> {
                    if (++made[0] > 2) {
                        throw new IllegalStateException("two threads, no tick thread");
                    }
                    final Thread thread = new Thread(body);
                    thread.setDaemon(true);
                    return thread;
                });
        assertThrows(IllegalStateException.class, () -> Engine.launch(second));
        assertEquals(before, fixture.ledger.liveBytes(), fixture.ledger.toString());
    }

    @Test
    void shouldTickByTheClockFromTheFirstBeatAfterItOpened() {
        final long[] nowNs = {0};
        final EngineContext context =
                fixture.context(1).pacing(Pacing.REALTIME).clock(() -> nowNs[0]).allowanceNs(1);
        try (Engine engine = Engine.launch(context)) {
            engine.invoker().doWork();
            nowNs[0] = EngineContext.PERIOD_NS / 2;
            final Session session = engine.open(text());
            final Listener heard = new Listener();
            nowNs[0] = EngineContext.PERIOD_NS + 1;
            while (engine.completedBeats() < 1) {
                engine.invoker().doWork();
            }
            assertEquals(0, session.poll(heard), "beat 0 began before it opened");
            nowNs[0] = 2 * EngineContext.PERIOD_NS + 1;
            while (engine.completedBeats() < 2) {
                engine.invoker().doWork();
            }
            assertEquals(1, session.poll(heard));
            assertFalse(heard.reasons.contains("STALLED"));
            assertNull(heard.end);
        }
    }

    @Test
    void shouldDrawTheSameTokensWithTheSameSeed() {
        final SessionSpec spec = text().withSampling(new SamplingParameters(1f, 50, 0.95f));
        final Listener[] heard = {new Listener(), new Listener(), new Listener()};
        try (Engine engine = fixture.launch(3)) {
            final Session[] sessions = {
                engine.open(spec.withSeed(1)), engine.open(spec.withSeed(1)), engine.open(spec.withSeed(2))
            };
            for (int tick = 0; tick < 8; tick++) {
                step(engine);
                for (int i = 0; i < 3; i++) {
                    sessions[i].poll(heard[i]);
                }
            }
        }
        assertEquals(heard[0].ticks, heard[1].ticks);
        assertNotEquals(heard[0].ticks, heard[2].ticks);
    }
}
