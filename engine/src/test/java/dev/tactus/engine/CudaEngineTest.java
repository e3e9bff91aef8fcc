package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tactus.engine.EngineFixture.Listener;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.device.cuda.SoftGpu;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.Isa;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.scheduler.EndReason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions on a GPU put out what they put out on the CPU: the same ids and the same samples, in any company. */
@Timeout(300)
class CudaEngineTest {
    @TempDir
    static Path directory;

    @BeforeAll
    static void requireGpu() {
        SoftGpu.require();
    }

    private static EngineContext onCuda(final EngineContext context) {
        return EngineFixture.on(DeviceChoice.CUDA, context);
    }

    @ParameterizedTest
    @EnumSource(ThreadingMode.class)
    void shouldKeepTheBitsOfTheCpuWhenNeighboursJoinAndLeave(final ThreadingMode mode) {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final List<List<String>> expected = NeighbourTest.loneRuns(fixture.context(1));
            final EngineContext context =
                    onCuda(fixture.context(NeighbourTest.SESSIONS)).threadingMode(mode);
            try (Engine engine = Engine.launch(context)) {
                assertTrue(engine.backendName().startsWith("cuda/"), engine.backendName());
                assertEquals(expected, NeighbourTest.together(engine, mode), mode.toString());
                assertNull(engine.failure());
            }
        }
    }

    @Test
    void shouldEndAllSessionsWhenTheGpuFailsAndGoOnOnTheCpu() {
        assumeFalse(SoftGpu.isReal(), "a real GPU would stay lost for the tests that follow");
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final List<List<String>> expected = NeighbourTest.loneRuns(fixture.context(1));
            final Listener[] heard = {new Listener(), new Listener()};
            try (Engine engine = Engine.launch(onCuda(fixture.context(2)))) {
                final Session[] sessions = {
                    engine.open(NeighbourTest.spec(0)), engine.open(NeighbourTest.spec(1)),
                };
                EngineFixture.step(engine);
                SoftGpu.breakDown();
                EngineFixture.step(engine);
                for (int i = 0; i < sessions.length; i++) {
                    sessions[i].poll(heard[i]);
                    assertEquals(EndReason.DEVICE_FAILED, heard[i].end);
                    assertEquals(2, heard[i].ticks.size(), "the tick that failed has a row");
                }
                final String failure = engine.failure().getMessage();
                assertTrue(failure.contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)"), failure);
                assertTrue(failure.contains("the context is lost"), failure);
                final IllegalStateException refused =
                        assertThrows(IllegalStateException.class, () -> engine.open(NeighbourTest.spec(2)));
                assertTrue(refused.getMessage().contains("launch another one"), refused.getMessage());
            }
            SoftGpu.reset();
            assertEquals(0, SoftGpu.counts().liveBytes(), "GPU memory is given back");
            assertEquals(expected, NeighbourTest.loneRuns(fixture.context(1)), "the model serves a CPU as before");
        }
    }

    @Test
    void shouldTakeTheMemoryThatThePlanSays() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final MemoryLedger ledger = new MemoryLedger();
            final EngineContext context = onCuda(fixture.context(3)).ledger(ledger);
            final MemoryPlan plan = context.conclude().memoryPlan();
            try (Engine engine = Engine.launch(context)) {
                assertNull(engine.failure());
                for (final MemoryTag tag : PlanAgainstLedgerTest.PROMISED) {
                    assertEquals(plan.bytes(tag), ledger.liveBytes(tag), tag.toString());
                }
            }
            assertEquals(0, ledger.liveBytes(), ledger.toString());
        }
    }

    @Test
    void shouldRefuseWhatItDoesNotDo() {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            assertRefused(onCuda(fixture.context(1)).kernels(KernelChoice.REFERENCE), "chosen for the CPU");
            assertRefused(onCuda(fixture.context(1)).isa(Isa.AVX2), "chosen for the CPU");
            assertRefused(onCuda(fixture.context(1)).numerics(NumericClass.FAST_INT8), "int8 runs on the CPU only");
            try (FreezableArena arena = new FreezableArena(fixture.ledger)) {
                final LoraAdapter inPlace = RandomAdapter.everywhere(fixture.model, 2, 1, arena);
                assertRefused(onCuda(fixture.context(1)).adapter("a", inPlace), "CUDA copies factors at launch");
            }
        }
    }

    private static void assertRefused(final EngineContext context, final String part) {
        final IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Engine.launch(context));
        assertTrue(refused.getMessage().contains(part), refused.getMessage());
    }

    /** What a session says that is interrupted while it speaks, held, interrupted again, and let go on. */
    private static List<String> interrupted(final EngineContext context, final VoiceFixture fixture) {
        final VoiceFixture.Speech speech = new VoiceFixture.Speech();
        try (Engine engine = Engine.launch(context)) {
            final Session session = engine.open(SessionSpec.of().withScript(fixture.script()));
            for (int tick = 0; tick < 9; tick++) {
                session.hold(tick == 4 || tick == 5);
                if (tick == 2 || tick == 4 || tick == 8) {
                    session.interrupted();
                }
                EngineFixture.step(engine);
                session.poll(speech);
            }
        }
        return speech.ticks;
    }

    @Test
    void shouldThrowAwayWhatWasCutAsOnTheCpu() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final List<String> expected = interrupted(fixture.context(1), fixture);
            assertEquals(9, expected.size());
            assertEquals(expected, interrupted(onCuda(fixture.context(1)), fixture));
        }
    }

    @Test
    void shouldSayWhatItSaysOnTheCpu() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final List<List<String>> lone = SpeakingSessionTest.alone(fixture, NumericClass.EXACT);
            for (int apart = 0; apart <= 1; apart++) {
                final EngineContext context = onCuda(fixture.context(SpeakingSessionTest.SESSIONS));
                try (Engine engine = Engine.launch(context)) {
                    final List<SessionSpec> specs = SpeakingSessionTest.specs(fixture);
                    assertEquals(lone, SpeakingSessionTest.together(engine, specs, 0, apart), apart + " beats apart");
                    assertNull(engine.failure());
                }
            }
        }
    }
}
