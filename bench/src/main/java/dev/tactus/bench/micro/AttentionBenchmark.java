package dev.tactus.bench.micro;

import dev.tactus.engine.KernelChoice;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.KvRingLayout;
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

/** Attention of one row of a global layer over a context of so many positions. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class AttentionBenchmark {
    private static final int ALIGNMENT = 64;
    private static final int D_REL = 16;
    private static final int EXTENT = 1024;

    /** Query heads. */
    @Param("6")
    public int heads;

    /** Key and value heads. */
    @Param("3")
    public int kvHeads;

    /** Elements of a head. */
    @Param("64")
    public int headDim;

    /** Positions seen. */
    @Param({"256", "1280", "4096"})
    public int context;

    /** Which kernels. */
    @Param({"VECTOR", "REFERENCE"})
    public KernelChoice kernels;

    private final SplittableRandom random = new SplittableRandom(1);
    private FreezableArena arena;
    private KernelSet set;
    private AttentionShape shape;
    private long q;
    private long r;
    private long bias;
    private long pageTable;
    private long out;
    private long scratch;

    /** Fills pages with random keys and values. */
    @Setup(Level.Trial)
    public void fill() {
        set = KernelChoices.of(kernels);
        arena = new FreezableArena(new MemoryLedger());
        final KvRingLayout layout = KvRingLayout.of(context, 0, 1);
        shape = new AttentionShape(
                heads, kvHeads, headDim, D_REL, EXTENT, context, 0, layout.sinkPages(), layout.ringPages(), 0);
        q = noise(heads * headDim);
        r = noise(heads * D_REL);
        bias = noise(D_REL * EXTENT);
        out = noise(heads * headDim);
        pageTable = address((long) layout.pages() * Long.BYTES);
        final long pageFloats = AttentionShape.layerBytes(kvHeads, headDim) / Float.BYTES;
        for (int i = 0; i < layout.pages(); i++) {
            OffHeap.putLong(pageTable + i * (long) Long.BYTES, noise(Math.toIntExact(pageFloats)));
        }
        scratch = address(set.scratchBytes(heads * headDim, headDim));
        arena.freeze();
    }

    private long address(final long bytes) {
        return arena.allocate(MemoryTag.TEST, bytes, ALIGNMENT).address();
    }

    private long noise(final int floats) {
        final long address = address((long) floats * Float.BYTES);
        for (int i = 0; i < floats; i++) {
            OffHeap.putFloat(address + i * (long) Float.BYTES, (float) (random.nextDouble() - 0.5));
        }
        return address;
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void free() {
        arena.close();
    }

    /** All heads of one row; returns one element. */
    @Benchmark
    public float attention() {
        set.attention(shape, q, r, bias, pageTable, context - 1L, 1f, out, 0, heads, scratch);
        return OffHeap.getFloat(out);
    }
}
