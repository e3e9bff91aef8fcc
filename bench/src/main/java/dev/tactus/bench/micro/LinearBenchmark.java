package dev.tactus.bench.micro;

import dev.tactus.engine.KernelChoice;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A matrix product {@code [rows, k] × [n, k]ᵀ}: one row is a decode pass of one session, 8 rows one of eight, 24 rows a
 * prefill. Multiply-accumulates per call: rows·n·k.
 */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class LinearBenchmark {
    private static final int ALIGNMENT = 64;

    /** How the matrix is stored. */
    @Param({"BF16", "F32"})
    public WeightType type;

    /** Input rows. */
    @Param({"1", "8", "24"})
    public int rows;

    /** Outputs: with the default k, 2 MiB of bfloat16 fit a second-level cache, 32 MiB stream from memory. */
    @Param({"1024", "16384"})
    public int n;

    /** Inputs. */
    @Param("1024")
    public int k;

    /** Which kernels. */
    @Param({"VECTOR", "REFERENCE"})
    public KernelChoice kernels;

    private FreezableArena arena;
    private KernelSet set;
    private long weights;
    private long x;
    private long y;
    private long scratch;

    /** Allocates and fills matrix and rows. */
    @Setup(Level.Trial)
    public void allocate() {
        set = KernelChoices.of(kernels);
        arena = new FreezableArena(new MemoryLedger());
        weights = address((long) n * k * type.bytes());
        x = address((long) rows * k * Float.BYTES);
        y = address((long) rows * n * Float.BYTES);
        scratch = address(set.scratchBytes(k, 64));
        arena.freeze();
        final SplittableRandom random = new SplittableRandom(1);
        for (long i = 0; i < (long) n * k; i++) {
            final int bits = Float.floatToRawIntBits(value(random));
            if (type == WeightType.F32) {
                OffHeap.putInt(weights + i * type.bytes(), bits);
            } else {
                OffHeap.putShort(weights + i * type.bytes(), (short) (bits >>> 16));
            }
        }
        for (int i = 0; i < rows * k; i++) {
            OffHeap.putFloat(x + i * (long) Float.BYTES, value(random));
        }
    }

    private long address(final long bytes) {
        return arena.allocate(MemoryTag.TEST, Math.max(bytes, ALIGNMENT), ALIGNMENT)
                .address();
    }

    private static float value(final SplittableRandom random) {
        return (float) (random.nextDouble() - 0.5);
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void free() {
        arena.close();
    }

    /** One product; returns one of its elements. */
    @Benchmark
    public float linear() {
        set.linear(type, weights, 0, n, k, x, k, y, n, rows, scratch);
        return OffHeap.getFloat(y);
    }
}
