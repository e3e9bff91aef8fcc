package dev.tactus.engine;

import static dev.tactus.engine.EngineFixture.feed;
import static dev.tactus.engine.EngineFixture.step;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.EngineFixture.Listener;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions with adapters of their own beside one base. */
@Timeout(120)
class AdapterSessionsTest {
    private static final long SEED = 9;
    private static final int TICKS = 5;
    private static final int MODALITIES = Modality.AUDIO.bit() | Modality.VIDEO.bit() | Modality.TEXT.bit();
    private static final String[] IDS = {SessionSpec.BASE, "formal", "in place", "formal", SessionSpec.BASE};

    private final EngineFixture fixture = new EngineFixture("multimodal-moe");
    private final FreezableArena arena = new FreezableArena(fixture.ledger);

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        arena.close();
        fixture.close();
    }

    private static SessionSpec spec(final long seed, final String adapter) {
        return new SessionSpec(MODALITIES, seed, new SamplingParameters(1f, 60, 0.98f)).withAdapter(adapter);
    }

    /** What a session of each adapter puts out; all run at once. */
    private static List<List<String>> run(final Engine engine, final ThreadingMode mode, final String... adapters) {
        final List<Session> sessions = new ArrayList<>();
        final List<Listener> heard = new ArrayList<>();
        for (int i = 0; i < adapters.length; i++) {
            sessions.add(engine.open(spec(SEED, adapters[i])));
            heard.add(new Listener());
        }
        for (int tick = 0; tick <= TICKS; tick++) {
            for (final Session session : sessions) {
                if (tick == TICKS) {
                    session.close();
                } else {
                    feed(session, MODALITIES, SEED, tick);
                }
            }
            step(engine, mode);
            for (int i = 0; i < adapters.length; i++) {
                sessions.get(i).poll(heard.get(i));
            }
        }
        assertNull(engine.failure());
        heard.forEach(listener -> assertEquals(EndReason.CLOSED, listener.end));
        return heard.stream().map(listener -> listener.ticks).toList();
    }

    @Test
    void shouldGiveTheBitsOfTheCpuOnAGpu() {
        RandomAdapter.everywhere(fixture.model, 6, SEED, arena).save(folder);
        final String[] ids = {SessionSpec.BASE, "formal", SessionSpec.BASE, "formal"};
        final List<List<String>> expected;
        try (Engine engine = Engine.launch(fixture.context(ids.length).adapter("formal", folder))) {
            expected = run(engine, ThreadingMode.INVOKER, ids);
        }
        assertEquals(2, expected.stream().distinct().count(), "adapters change what is said: " + expected);
        final EngineContext context = EngineFixture.on(DeviceChoice.CUDA, fixture.context(ids.length));
        try (Engine engine = Engine.launch(context.adapter("formal", folder))) {
            assertEquals(expected, run(engine, ThreadingMode.INVOKER, ids));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = KernelChoice.class,
            names = {"REFERENCE", "C"})
    void shouldGiveEachSessionTheBitsItHasAlone(final KernelChoice kernels) {
        assumeTrue(kernels != KernelChoice.C || NativeKernels.load().isAvailable(), "there are no C kernels");
        RandomAdapter.everywhere(fixture.model, 6, SEED, arena).save(folder);
        final LoraAdapter inPlace =
                RandomAdapter.of(fixture.model, 11, EnumSet.of(LoraGroup.ATTENTION), SEED + 1, arena);
        final List<List<String>> alone = new ArrayList<>();
        for (final String id : new String[] {SessionSpec.BASE, "formal", "in place"}) {
            final EngineContext context = fixture.context(1).kernels(kernels);
            if (id.equals("formal")) {
                context.adapter(id, folder);
            } else if (id.equals("in place")) {
                context.adapter(id, inPlace);
            }
            try (Engine engine = Engine.launch(context)) {
                alone.addAll(run(engine, ThreadingMode.INVOKER, id));
            }
        }
        assertEquals(3, alone.stream().distinct().count(), "adapters change what is said: " + alone);
        final List<List<String>> expected =
                List.of(alone.get(0), alone.get(1), alone.get(2), alone.get(1), alone.get(0));
        for (final ThreadingMode mode : new ThreadingMode[] {ThreadingMode.INVOKER, ThreadingMode.SHARED}) {
            final EngineContext context = fixture.context(IDS.length)
                    .kernels(kernels)
                    .threadingMode(mode)
                    .adapter("formal", folder)
                    .adapter("in place", inPlace);
            try (Engine engine = Engine.launch(context)) {
                assertEquals(expected, run(engine, mode, IDS), mode.toString());
                assertEquals(List.of(alone.get(0)), run(engine, mode, SessionSpec.BASE), "and the base alone");
            }
        }
    }

    @Test
    void shouldReadTheFactorsOfATrainerAtEveryTick() {
        final LoraAdapter adapter = RandomAdapter.silent(fixture.model, 4, EnumSet.allOf(LoraGroup.class), SEED, arena);
        try (Engine engine = Engine.launch(fixture.context(1).adapter("trained", adapter))) {
            final List<List<String>> base = run(engine, ThreadingMode.INVOKER, SessionSpec.BASE);
            assertEquals(base, run(engine, ThreadingMode.INVOKER, "trained"), "B is zero");
            RandomAdapter.fill(adapter, SEED);
            assertNotEquals(base, run(engine, ThreadingMode.INVOKER, "trained"), "B is not");
            assertEquals(base, run(engine, ThreadingMode.INVOKER, SessionSpec.BASE));
        }
    }

    @Test
    void shouldRefuseAnUnknownAdapterInOneLine() {
        final LoraAdapter adapter = RandomAdapter.everywhere(fixture.model, 1, SEED, arena);
        try (Engine engine =
                Engine.launch(fixture.context(1).adapter("a", adapter).adapter("b", adapter))) {
            final AdmissionException refused =
                    assertThrows(AdmissionException.class, () -> engine.open(spec(SEED, "c")));
            assertEquals("no adapter \"c\": the engine has a, b", refused.getMessage());
            engine.open(spec(SEED, "b"));
        }
        try (Engine engine = fixture.launch(1)) {
            final AdmissionException refused =
                    assertThrows(AdmissionException.class, () -> engine.open(spec(SEED, "c")));
            assertTrue(refused.getMessage().startsWith("no adapter \"c\": the engine has none"), refused.getMessage());
        }
    }

    @Test
    void shouldRefuseWhatCannotBeAnAdapterInOneLine() {
        final LoraAdapter adapter = RandomAdapter.everywhere(fixture.model, 1, SEED, arena);
        refused(
                "adapter id \"\": expected 1 to 128 characters",
                fixture.context(1).adapter("", adapter));
        refused(
                "adapter id \"a\" is taken",
                fixture.context(1).adapter("a", adapter).adapter("a", adapter));
        refused("adapter a is null", fixture.context(1).adapter("a", (Path) null));
        final Path missing = folder.resolve("missing");
        refused(missing.toString(), fixture.context(1).adapter("a", missing));
        final EngineContext many = fixture.context(1);
        for (int i = 0; i <= EngineContext.MOST_ADAPTERS; i++) {
            many.adapter("adapter " + i, adapter);
        }
        refused("257 adapters: expected at most 256", many);
    }

    @Test
    void shouldRefuseAnAdapterOfAnotherBaseInOneLine() {
        final MemoryLedger ledger = new MemoryLedger();
        try (FreezableArena ofOther = new FreezableArena(ledger);
                LoadedModel other = LoadedModel.open(EngineFixture.path("text-dense"), ledger)) {
            final LoraAdapter adapter = RandomAdapter.everywhere(other, 2, SEED, ofOther);
            adapter.save(folder);
            refused("adapter a: base model: found ", fixture.context(1).adapter("a", adapter));
            refused(folder.toString(), fixture.context(1).adapter("a", folder));
        }
    }

    private static void refused(final String beginning, final EngineContext context) {
        final IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Engine.launch(context));
        assertTrue(refused.getMessage().startsWith(beginning), refused.getMessage());
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    @Test
    void shouldRefuseAnAdapterThatChangedSinceItWasPlanned() {
        RandomAdapter.everywhere(fixture.model, 2, SEED, arena).save(folder);
        final EngineContext context = fixture.context(1).adapter("a", folder).conclude();
        RandomAdapter.everywhere(fixture.model, 3, SEED, arena).save(folder);
        final InvalidModelException refused = assertThrows(InvalidModelException.class, () -> Engine.launch(context));
        assertTrue(refused.getMessage().contains("has changed since the engine was planned"), refused.getMessage());
    }

    @Test
    void shouldTakeAdaptersUntilItIsConcluded() {
        final LoraAdapter adapter = RandomAdapter.everywhere(fixture.model, 2, SEED, arena);
        final EngineContext context = fixture.context(1).adapter("a", adapter).memoryBudget(1);
        assertThrows(IllegalArgumentException.class, context::conclude, "the budget is too small");
        context.adapter("b", adapter).memoryBudget(Long.MAX_VALUE).conclude();
        assertEquals(List.of("a", "b"), context.adapterIds());
        final IllegalStateException ex = assertThrows(IllegalStateException.class, () -> context.adapter("c", adapter));
        assertTrue(ex.getMessage().contains("adapter after the context was concluded"), ex.getMessage());
    }

    @Test
    void shouldPlanTheMemoryOfAdapters() {
        final LoraAdapter adapter = RandomAdapter.everywhere(fixture.model, 6, SEED, arena);
        adapter.save(folder);
        final long without = fixture.context(1).conclude().memoryPlan().bytes(MemoryTag.WEIGHTS);
        final EngineContext context = fixture.context(1).adapter("a", folder).conclude();
        final long with = context.memoryPlan().bytes(MemoryTag.WEIGHTS);
        assertTrue(with - without >= adapter.floats() * Float.BYTES, with + " against " + without);
        assertTrue(
                context.memoryPlan().toString().contains("1 adapter(s)"),
                context.memoryPlan().toString());
        assertThrows(
                IllegalArgumentException.class,
                () -> fixture.context(1)
                        .adapter("a", folder)
                        .memoryBudget(context.memoryPlan().bytes() - 1)
                        .conclude());
        final long before = fixture.ledger.liveBytes();
        try (Engine engine = Engine.launch(context)) {
            final long held = fixture.ledger.liveBytes() - before;
            assertTrue(held >= adapter.floats() * Float.BYTES, engine + " holds " + held);
        }
    }
}
