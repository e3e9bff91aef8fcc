package dev.tactus.bench.train;

import dev.tactus.engine.tuning.Crew;
import dev.tactus.kernel.c.CpuProbe;
import dev.tactus.kernel.c.FloatGemm;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.Region;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.SplittableRandom;

/** What a crew can compute at most in float32: fma alone, and one product that suits the caches. Not thread-safe. */
final class TrainPeaks implements AutoCloseable {
    /** Rows, outputs and inputs of the product. */
    static final int SIZE = 512;

    private static final int FMA_ROUNDS = 100_000;
    private static final double PRODUCT_OPERATIONS = 2.0 * SIZE * SIZE * SIZE;

    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    private final Crew crew;
    private final long sampleNs;
    private final CpuProbe probe;
    private final FloatGemm gemm;
    private final FloatGemm.Shape shape = new FloatGemm.Shape(SIZE, SIZE, SIZE);
    private final Region x;
    private final Region w;
    private final Region y;
    private final FloatGemm.Worker[] workers;

    /**
     * Peaks of an instruction set.
     *
     * @param crew who computes; stays its maker's
     * @param sampleNs how long a measurement lasts at least
     */
    TrainPeaks(final Isa isa, final Crew crew, final long sampleNs) {
        this.crew = crew;
        this.sampleNs = sampleNs;
        probe = new CpuProbe(isa);
        gemm = new FloatGemm(isa);
        x = noise(1);
        w = noise(2);
        y = noise(0);
        workers = new FloatGemm.Worker[crew.workers()];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new FloatGemm.Worker(i, workers.length, allocate(gemm.scratchBytes()));
        }
    }

    private Region allocate(final long bytes) {
        return new Region(arena.allocate(MemoryTag.SCRATCH, bytes, 64).address(), bytes);
    }

    private Region noise(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final Region region = allocate((long) SIZE * SIZE * Float.BYTES);
        for (long at = 0; at < region.bytes(); at += Float.BYTES) {
            OffHeap.putFloat(region.address() + at, (float) (random.nextDouble() - 0.5));
        }
        return region;
    }

    /** GFLOP/s of fma, all workers together. */
    double fma() {
        return measure(
                (double) crew.workers() * FMA_ROUNDS * probe.fmaOperations(),
                () -> crew.together(worker -> probe.fma(FMA_ROUNDS)));
    }

    /** GFLOP/s of the product, which all workers share. */
    double gemm() {
        return measure(
                PRODUCT_OPERATIONS, () -> crew.together(worker -> gemm.forward(shape, x, w, y, workers[worker])));
    }

    /** After a call that does not count: what ran before has left its own in the caches. */
    private double measure(final double operations, final Runnable call) {
        call.run();
        final long startNs = System.nanoTime();
        long elapsedNs = 0;
        int calls = 0;
        while (calls == 0 || elapsedNs < sampleNs) {
            call.run();
            calls++;
            elapsedNs = System.nanoTime() - startNs;
        }
        return calls * operations / Math.max(1, elapsedNs);
    }

    @Override
    public void close() {
        arena.close();
    }
}
