package dev.tactus.app.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions by the clock: what they are fed, and what feeding costs. */
class LiveLoadTest {
    private static final long PARAMETERS = 1_000_000;
    private static final int SESSIONS = 4;
    private static final int PHASES = 4;

    @TempDir
    private static Path folder;

    private static LoadedModel model;
    private static InteractionConfig interaction;

    @BeforeAll
    static void writeModel() throws IOException {
        final Path directory =
                RandomModel.write(folder.resolve("model"), PARAMETERS, 1, false).directory();
        model = LoadedModel.open(directory, new MemoryLedger());
        interaction = InteractionConfig.resolve("default", model.config());
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    private static Engine launch() {
        return Engine.launch(new EngineContext()
                .model(model)
                .interaction(interaction)
                .maxSessions(SESSIONS)
                .phases(PHASES)
                .threads(1)
                .admission(false)
                .ledger(new MemoryLedger()));
    }

    private static TickShape shape() {
        return TickShape.listening(model.weights(), interaction, Modality.AUDIO.bit() | Modality.VIDEO.bit(), 1);
    }

    @Test
    void shouldGiveEveryTickItsMediaFromTheFirstOn() {
        final TickShape shape = shape();
        for (final LiveLoad.Pace pace : List.of(LiveLoad.Pace.JUST_IN_TIME, LiveLoad.Pace.AHEAD)) {
            try (Engine engine = launch()) {
                final LiveTimes times = new LiveTimes(SESSIONS);
                final LiveLoad load = new LiveLoad(engine, times, pace);
                final List<SessionFeed> feeds = new ArrayList<>();
                for (int i = 0; i < SESSIONS; i++) {
                    feeds.add(load.open(shape, i));
                    load.run(System.nanoTime() + EngineContext.PERIOD_NS / 3, () -> {});
                }
                load.run(8);

                assertEquals(0, load.refused(), () -> pace + " was refused media");
                assertEquals(SESSIONS, load.live(), "sessions that live");
                assertEquals(0, engine.counters().get(LoopCounters.EARLY), () -> pace + " came too early");
                assertEquals(0, engine.counters().get(LoopCounters.DUPLICATE), () -> pace + " came twice");
                final long gaps = engine.counters().get(LoopCounters.AUDIO_GAP);
                final long late = engine.counters().get(LoopCounters.LATE);
                // a machine that stands still misses ticks or media, and tells of it
                assertEquals(gaps == 0, late == 0 && times.skipped() == 0, () -> pace + " has " + gaps + " gaps");
                for (final SessionFeed feed : feeds) {
                    assertTrue(feed.ticks() >= 6, () -> feed.ticks() + " ticks with " + pace);
                    final long whole = feed.ticks() * shape.positions() - 1;
                    assertTrue(
                            feed.position() == whole || gaps > 0 || times.stepped() > 0,
                            () -> feed.position() + " positions with " + pace + ": expected " + whole);
                }
            }
        }
    }

    @Test
    void shouldAllocateNothingWhileItFeedsAndPolls() {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long self = Thread.currentThread().threadId();
        try (Engine engine = launch()) {
            final LiveTimes times = new LiveTimes(SESSIONS);
            final LiveLoad load = new LiveLoad(engine, times, LiveLoad.Pace.AHEAD);
            for (int i = 0; i < SESSIONS; i++) {
                load.open(shape(), i);
            }
            load.run(4);
            long fewest = Long.MAX_VALUE;
            // what happens once, such as the loading of a class, is not what feeding costs
            for (int round = 0; round < 3; round++) {
                times.reset();
                final long before = threads.getThreadAllocatedBytes(self);
                load.run(3);
                fewest = Math.min(fewest, threads.getThreadAllocatedBytes(self) - before);
                assertTrue(times.ticks() >= 2 * SESSIONS, () -> times.ticks() + " ticks");
            }
            assertEquals(0, fewest, "heap bytes of the thread that feeds");
        }
    }

    @Test
    void shouldLetTheirShareSpeakInEverySlot() {
        for (final double share : new double[] {0, 0.25, 0.5, 1}) {
            for (int slot = 0; slot < 8; slot++) {
                assertEquals(100 * share, speakers(share, slot, 800, 8), 4, "slot " + slot);
            }
            for (int sessions = 4; sessions <= 32; sessions *= 2) {
                assertEquals(share * sessions, speakers(share, 0, sessions, 1), 1, sessions + " sessions");
            }
        }
        assertEquals(4, speakers(0.25, 0, 16, 1), "a quarter of 16");
    }

    private static int speakers(final double share, final int from, final int to, final int step) {
        int speakers = 0;
        for (int i = from; i < to; i += step) {
            speakers += LiveLoad.speaks(i, share) ? 1 : 0;
        }
        return speakers;
    }
}
