package dev.tactus.engine.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.cuda.CudaException;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.device.cpu.CpuBackend;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.InklingProgram;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backend alone: what it puts out is what the CPU's does, in as many launches as promised, and it fails cleanly. */
@Timeout(120)
class CudaBackendTest {
    private static final int SESSIONS = 3;
    private static final int ROWS = 8;
    private static final int TICKS = 4;
    private static final int SAMPLES = 800;

    private final MemoryLedger ledger = new MemoryLedger();
    private LoadedModel model;
    private InteractionConfig ids;

    @BeforeEach
    void open() throws URISyntaxException {
        SoftGpu.require();
        SoftGpu.reset();
        model = LoadedModel.open(
                Path.of(CudaBackendTest.class
                        .getResource("/golden/multimodal-moe")
                        .toURI()),
                ledger);
        ids = InteractionConfig.resolve("default", model.config());
    }

    @AfterEach
    void close() {
        if (model != null) {
            model.close();
            assertEquals(0, ledger.liveBytes(), ledger.toString());
        }
    }

    /** A backend with a few sessions that hear, and the memory of both. */
    private final class Device implements AutoCloseable {
        private final SessionLayout layout = SessionLayout.of(model.config().text(), 300, 4, ROWS);
        private final DeviceArenas arenas;
        private final TickPlan plan;
        private final TickOutput output;
        private final long[][] sessions = new long[SESSIONS][3];
        private final long[] positions = new long[SESSIONS];
        private final long audio;
        private final Backend backend;

        Device(final boolean cuda) {
            final Gpu gpu = cuda ? Gpu.open() : null;
            arenas = cuda ? gpu.arenas(ledger) : DeviceArenas.onHost(ledger);
            final StepProgram program =
                    InklingProgram.compile(model.weights(), layout, model.tables(), ids.videoCols() * 8);
            final OutputMachine machine = new OutputMachine(model.config(), ids, false, arenas.host());
            final int outputs = OutputMachine.maxOutputs(ids);
            plan = new TickPlan(arenas.mapped(), SESSIONS, SESSIONS * ROWS, SESSIONS, 1, outputs);
            output = new TickOutput(arenas.mapped(), SESSIONS, outputs);
            for (final long[] session : sessions) {
                session[0] = arenas.resident()
                        .allocate(MemoryTag.STATE, layout.stateBytes(), 64)
                        .address();
                session[1] = pages(layout.localPages(), layout.localPageBytes());
                session[2] = pages(layout.globalPages(), layout.globalPageBytes());
            }
            audio = arenas.mapped()
                    .allocate(MemoryTag.MEDIA, SAMPLES * (long) Float.BYTES, 64)
                    .address();
            for (int i = 0; i < SAMPLES; i++) {
                OffHeap.putFloat(audio + i * 4L, (float) Math.sin(i * 0.1));
            }
            final CpuMemory.Rows rows = new CpuMemory.Rows(SESSIONS * ROWS, SESSIONS, SESSIONS, 1, 0, SESSIONS);
            backend = cuda ? onCuda(gpu, program, rows, machine) : onCpu(program, rows, machine);
        }

        private Backend onCuda(
                final Gpu gpu, final StepProgram program, final CpuMemory.Rows rows, final OutputMachine machine) {
            return new CudaBackend(
                    new CudaMemory(
                            gpu, arenas, program, List.of(), layout, rows, machine, NumericClass.EXACT, plan, output),
                    SystemNanoClock.INSTANCE);
        }

        private Backend onCpu(final StepProgram program, final CpuMemory.Rows rows, final OutputMachine machine) {
            final CpuKernels kernels = CpuKernels.exact(new ReferenceKernels());
            return new CpuBackend(
                    program,
                    new CpuMemory(arenas.host(), program, kernels, rows, 0, machine),
                    SystemNanoClock.INSTANCE,
                    0,
                    Thread::new,
                    false);
        }

        private long pages(final int count, final long bytes) {
            final long table =
                    arenas.mapped().allocate(MemoryTag.KV, count * 8L, 64).address();
            for (int i = 0; i < count; i++) {
                OffHeap.putLong(
                        table + i * 8L,
                        arenas.resident().allocate(MemoryTag.KV, bytes, 64).address());
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
                final int rows = 1 + (tick + s) % (ROWS - 1);
                for (int i = 0; i < rows; i++) {
                    plan.rows().add(RowKind.TOKEN, (tick * 31 + s * 7 + i * 3) % 250, positions[s] + i, 1f);
                }
                if (s == 1) {
                    plan.rows().add(RowKind.AUDIO, plan.addAudio(0, audio), positions[s] + rows, 1f);
                    positions[s]++;
                }
                plan.rows().wantOutput();
                plan.output(entry, OutputMachine.FREE, false, ids.textOutMax());
                if (s == 2) {
                    plan.wantLogProbabilities(entry);
                }
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

        /** Everything that a tick put out, entry by entry. */
        private List<Integer> tick(final int tick) {
            fill(tick);
            assertEquals(Backend.DONE, run(), () -> String.valueOf(backend.failure()));
            final List<Integer> result = new ArrayList<>(List.of(output.passes(), output.prefillRows()));
            for (int entry = 0; entry < SESSIONS; entry++) {
                assertTrue(output.isComplete(entry));
                assertEquals(TickOutput.OK, output.error(entry));
                result.add(output.count(entry));
                result.add(output.samples(entry));
                for (int i = 0; i < output.count(entry); i++) {
                    result.add(output.token(entry, i));
                    result.add(output.drawnIn(entry, i));
                    if (entry == 2) {
                        result.add(Float.floatToRawIntBits(output.logProbabilityOf(entry, i)));
                    }
                }
                positions[entry] += output.count(entry) - 1;
            }
            return result;
        }

        @Override
        public void close() {
            CloseHelper.closeAll(backend, backend, arenas);
        }
    }

    @Test
    void shouldPutOutWhatTheCpuPutsOut() {
        try (Device cpu = new Device(false);
                Device cuda = new Device(true)) {
            int passes = 0;
            for (int tick = 0; tick < TICKS; tick++) {
                final List<Integer> expected = cpu.tick(tick);
                assertEquals(expected, cuda.tick(tick), "tick " + tick);
                passes += expected.get(0);
            }
            assertTrue(passes > TICKS, "some tick had more than one pass");
        }
    }

    /** 1: threads and blocks in falling order; others: an order that is drawn. */
    @ParameterizedTest
    @ValueSource(ints = {1, 20261122})
    void shouldPutOutTheSameInAnyOrderOfThreads(final int seed) {
        final List<Integer> expected;
        try (Device device = new Device(true)) {
            expected = device.tick(0);
        }
        SoftGpu.set("SEED", String.valueOf(seed));
        try (Device device = new Device(true)) {
            assertEquals(expected, device.tick(0), "seed " + seed);
        } finally {
            SoftGpu.set("SEED", "0");
        }
    }

    @Test
    void shouldLaunchOneGraphPerPassAndOneMoreAndNeitherCopyNorAllocate() {
        try (Device device = new Device(true)) {
            final CudaBackend backend = (CudaBackend) device.backend;
            for (int tick = 0; tick < TICKS; tick++) {
                final long launches = backend.graphLaunches();
                final long copies = backend.hostCopies();
                final long allocations = backend.allocations();
                SoftGpu.reset();
                device.tick(tick);
                final int passes = device.output.passes();
                assertEquals(passes + 1, backend.graphLaunches() - launches, "tick " + tick);
                assertEquals(copies, backend.hostCopies());
                assertEquals(allocations, backend.allocations());
                final SoftGpu.Counts counts = SoftGpu.counts();
                if (counts != null) {
                    assertEquals(passes + 1, counts.graphs(), "as the driver counts");
                    assertEquals(0, counts.copies());
                    assertEquals(0, counts.allocations());
                    assertEquals(0, counts.directKernels());
                    assertEquals(0, counts.waits());
                }
            }
        }
    }

    @Test
    void shouldAddItsStagesUpToTheTick() {
        try (Device device = new Device(true)) {
            for (int tick = 0; tick < TICKS; tick++) {
                device.tick(tick);
                final TickOutput output = device.output;
                for (int entry = 0; entry < SESSIONS; entry++) {
                    final long stages = output.preprocessNs() + output.fuseNs() + output.generateNs(entry);
                    assertEquals(output.completedNs(entry) - output.startedNs(), stages, "entry " + entry);
                    assertEquals(0, output.speakNs(entry));
                }
                assertTrue(output.preprocessNs() >= 0 && output.fuseNs() > 0);
            }
        }
    }

    @Test
    void shouldFailAndCloseWhenAKernelFails() {
        try (Device device = new Device(true)) {
            final List<Integer> before = device.tick(0);
            assertFalse(before.isEmpty());
            // a page table that is nowhere
            device.sessions[1][1] = 64;
            device.fill(1);
            assertEquals(Backend.FAILED, device.run());
            final CudaException failure = assertInstanceOf(CudaException.class, device.backend.failure());
            assertTrue(failure.contextLost(), failure.getMessage());
            device.fill(2);
            assertEquals(Backend.FAILED, device.run(), "a device that failed stays so");
            for (int entry = 0; entry < SESSIONS; entry++) {
                assertFalse(device.output.isComplete(entry), "it runs nothing any more");
            }
        }
        SoftGpu.reset();
        assertEquals(0, ledger.liveBytes(MemoryTag.KV), "a lost device gives everything back");
        if (!SoftGpu.isReal()) {
            assertEquals(0, SoftGpu.counts().liveBytes());
        }
    }

    @Test
    void shouldRefuseASecondTickAndAnotherPlan() {
        try (Device device = new Device(true)) {
            device.fill(0);
            final long ticket = device.backend.submit(device.plan, device.output);
            assertThrows(IllegalStateException.class, () -> device.backend.submit(device.plan, device.output));
            while (device.backend.poll(ticket) == Backend.PENDING) {
                Thread.onSpinWait();
            }
            try (FreezableArena arena = new FreezableArena(ledger)) {
                final TickPlan other = new TickPlan(arena, 1, 1, 1, 1, 1);
                assertThrows(IllegalArgumentException.class, () -> device.backend.submit(other, device.output));
            }
            assertNull(device.backend.failure());
        }
    }

    @Test
    void shouldCloseWithATickInFlight() {
        try (Device device = new Device(true)) {
            device.fill(0);
            device.backend.submit(device.plan, device.output);
        }
    }

    @Test
    void shouldBeIdleOnceTheGraphHasEnded() {
        try (Device device = new Device(true)) {
            device.fill(0);
            device.backend.submit(device.plan, device.output);
            assertTrue(device.backend.awaitIdle(10_000_000_000L));
            assertFalse(device.output.isComplete(0), "nobody polled");
        }
    }

    @Test
    void shouldHaveABucketForEveryNumberOfRows() {
        assertArrayEquals(new int[] {1}, PassGraphs.buckets(1));
        assertArrayEquals(new int[] {8}, PassGraphs.buckets(8));
        assertArrayEquals(new int[] {8, 16, 32, 56}, PassGraphs.buckets(56));
        assertArrayEquals(new int[] {8, 16, 32, 64}, PassGraphs.buckets(64));
    }
}
