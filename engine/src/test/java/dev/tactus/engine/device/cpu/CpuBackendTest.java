package dev.tactus.engine.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.InklingProgram;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CpuBackendTest {
    private static final int SESSIONS = 3;
    private static final int ROWS = 8;
    private static final int TICKS = 4;

    private final MemoryLedger ledger = new MemoryLedger();
    private final LoadedModel model = LoadedModel.open(golden(), ledger);
    private final InteractionConfig ids = InteractionConfig.resolve("default", model.config());

    private static Path golden() {
        try {
            return Path.of(
                    CpuBackendTest.class.getResource("/golden/multimodal-moe").toURI());
        } catch (final URISyntaxException ex) {
            throw new IllegalStateException(ex);
        }
    }

    @AfterEach
    void close() {
        model.close();
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    /** A backend with a few sessions, and the memory of both. */
    private final class Device implements AutoCloseable {
        private final FreezableArena arena = new FreezableArena(ledger);
        private final SessionLayout layout = SessionLayout.of(model.config().text(), 300, 4, ROWS);
        private final TickPlan plan;
        private final TickOutput output;
        private final long[][] sessions = new long[SESSIONS][3];
        private final long[] positions = new long[SESSIONS];
        private final CpuBackend backend;

        Device(final KernelSet kernels, final int threads) {
            final StepProgram program =
                    InklingProgram.compile(model.weights(), layout, model.tables(), ids.videoCols() * 8);
            final OutputMachine machine = new OutputMachine(model.config(), ids, false, arena);
            final int outputs = OutputMachine.maxOutputs(ids);
            plan = new TickPlan(arena, SESSIONS, SESSIONS * ROWS, 1, 1, outputs);
            output = new TickOutput(arena, SESSIONS, outputs);
            for (final long[] session : sessions) {
                session[0] =
                        arena.allocate(MemoryTag.STATE, layout.stateBytes(), 64).address();
                session[1] = pages(layout.localPages(), layout.localPageBytes());
                session[2] = pages(layout.globalPages(), layout.globalPageBytes());
            }
            final CpuMemory.Rows rows = new CpuMemory.Rows(SESSIONS * ROWS, SESSIONS, 1, 1, 0, SESSIONS);
            final CpuMemory memory = new CpuMemory(arena, program, CpuKernels.exact(kernels), rows, threads, machine);
            backend = new CpuBackend(program, memory, SystemNanoClock.INSTANCE, threads, CpuBackendTest::daemon, false);
        }

        private long pages(final int count, final long bytes) {
            final long table = arena.allocate(MemoryTag.KV, count * 8L, 64).address();
            for (int i = 0; i < count; i++) {
                OffHeap.putLong(
                        table + i * 8L, arena.allocate(MemoryTag.KV, bytes, 64).address());
            }
            return table;
        }

        private void fill(final int tick) {
            plan.clear(false);
            for (int s = 0; s < SESSIONS; s++) {
                final SamplingParameters sampling =
                        s == 0 ? SamplingParameters.GREEDY : new SamplingParameters(1f, 40, 0.95f);
                final long[] session = sessions[s];
                final int entry = plan.addEntry(s, session[0], session[1], session[2], tick, 5 + s, sampling);
                final int rows = 1 + (tick + s) % ROWS;
                for (int i = 0; i < rows; i++) {
                    plan.rows().add(RowKind.TOKEN, (tick * 31 + s * 7 + i * 3) % 250, positions[s] + i, 1f);
                }
                plan.rows().wantOutput();
                plan.output(entry, OutputMachine.FREE, false, ids.textOutMax());
                for (int i = 0; i < plan.maxOutputs(); i++) {
                    plan.outputTau(entry, i, 1f);
                }
                positions[s] += rows;
            }
        }

        private int run() {
            final long ticket = backend.submit(plan, output);
            int status;
            do {
                status = backend.poll(ticket);
            } while (status == Backend.PENDING);
            return status;
        }

        /** Tokens of a tick, entry by entry, and the bits of the logits that the last pass left. */
        private List<Integer> tick(final int tick) {
            fill(tick);
            assertEquals(Backend.DONE, run());
            final List<Integer> result = new ArrayList<>();
            for (int entry = 0; entry < SESSIONS; entry++) {
                assertTrue(output.isComplete(entry));
                assertEquals(TickOutput.OK, output.error(entry));
                result.add(output.count(entry));
                for (int i = 0; i < output.count(entry); i++) {
                    result.add(output.token(entry, i));
                    result.add(output.drawnIn(entry, i));
                }
                positions[entry] += output.count(entry) - 1;
            }
            for (int i = 0; i < model.config().text().unpaddedVocab(); i++) {
                result.add(OffHeap.getInt(backend.logits() + i * 4L));
            }
            return result;
        }

        @Override
        public void close() {
            backend.close();
            backend.close();
            arena.close();
        }
    }

    private static Thread daemon(final Runnable body) {
        final Thread thread = new Thread(body);
        thread.setDaemon(true);
        return thread;
    }

    /** The reference kernels, but for the {@code at}-th linear call, which throws. */
    private static KernelSet failing(final int at, final Throwable failure) {
        final KernelSet kernels = new ReferenceKernels();
        final AtomicInteger calls = new AtomicInteger();
        return (KernelSet) Proxy.newProxyInstance(
                KernelSet.class.getClassLoader(), new Class<?>[] {KernelSet.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("linear") && calls.incrementAndGet() == at) {
                        throw failure;
                    }
                    try {
                        return method.invoke(kernels, arguments);
                    } catch (final InvocationTargetException ex) {
                        throw ex.getCause();
                    }
                });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void shouldGiveTheSameBitsWithAnyNumberOfThreadsAsWithout(final int threads) {
        try (Device inline = new Device(new ReferenceKernels(), 0);
                Device threaded = new Device(new ReferenceKernels(), threads)) {
            int tokens = 0;
            for (int tick = 0; tick < TICKS; tick++) {
                final List<Integer> expected = inline.tick(tick);
                assertEquals(expected, threaded.tick(tick), "tick " + tick);
                tokens += expected.get(0);
            }
            assertTrue(tokens > TICKS, "some tick had more than one pass");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void shouldFailAndCloseWhenAnOpThrows(final int threads) {
        for (final int at : new int[] {1, 2, 17, 60}) {
            final RuntimeException failure = new IllegalStateException("planted at " + at);
            try (Device device = new Device(failing(at, failure), threads)) {
                device.fill(0);
                assertEquals(Backend.FAILED, device.run());
                assertSame(failure, device.backend.failure());
                device.fill(1);
                assertEquals(Backend.FAILED, device.run(), "a device that failed stays so");
                for (int entry = 0; entry < SESSIONS; entry++) {
                    assertFalse(device.output.isComplete(entry), "it runs nothing any more");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void shouldFailOnAnErrorAsOnAnException(final int threads) {
        final Error failure = new AssertionError("planted");
        try (Device device = new Device(failing(9, failure), threads)) {
            device.fill(0);
            assertEquals(Backend.FAILED, device.run());
            assertSame(failure, device.backend.failure());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void shouldRefuseASecondTickWhileOneIsOnTheDevice(final int threads) {
        try (Device device = new Device(new ReferenceKernels(), threads)) {
            device.tick(0);
            device.fill(1);
            final long ticket = device.backend.submit(device.plan, device.output);
            if (threads == 0) {
                assertThrows(IllegalStateException.class, () -> device.backend.submit(device.plan, device.output));
                assertThrows(IllegalStateException.class, () -> device.backend.useKernels(new ReferenceKernels()));
            }
            while (device.backend.poll(ticket) == Backend.PENDING) {
                Thread.onSpinWait();
            }
            assertNull(device.backend.failure());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void shouldCloseWithATickInFlight(final int threads) {
        try (Device device = new Device(new ReferenceKernels(), threads)) {
            device.fill(0);
            device.backend.submit(device.plan, device.output);
        }
    }

    @Test
    void shouldCloseAnIdleBackendOnAnInterruptedThreadAndKeepTheInterrupt() {
        final Device device = new Device(new ReferenceKernels(), 2);
        Thread.currentThread().interrupt();
        device.close();
        assertTrue(Thread.interrupted());
    }

    @Test
    void shouldRunOneOpPerPollWithoutThreads() {
        try (Device device = new Device(new ReferenceKernels(), 0)) {
            device.fill(0);
            final long ticket = device.backend.submit(device.plan, device.output);
            int polls = 1;
            while (device.backend.poll(ticket) == Backend.PENDING) {
                polls++;
            }
            assertEquals(0, polls % device.output.passes(), "each pass has as many ops");
            assertTrue(polls / device.output.passes() > 20);
        }
    }
}
