package dev.tactus.kernel;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.List;

/**
 * What each of an engine's adapters has beside each matrix of the base: a table in native memory that Java ops and
 * {@code pass.c} both read.
 *
 * <pre>
 *   [adapters, modules] of   A* 8 | B* 8 | rank 8 | scale 8        32 bytes, A* 0: nothing
 *   A float32 [experts, rank, cols]      B float32 [experts, rows, rank]
 * </pre>
 *
 * The arithmetic, in every class: {@code t = dot(A, x); y = y + (scale · dot(B, t))}, one multiplication and one
 * addition. Filled before the engine runs, constant from then on; the factors themselves may change between ticks.
 * Whoever names them owns them.
 */
public final class AdapterFactors {
    private static final int A = 0;
    private static final int B = 8;
    private static final int RANK = 16;
    private static final int SCALE = 24;
    private static final int ENTRY = 32;

    private final int adapters;
    private final List<Module> modules;
    private final int rank;
    private final long address;

    /**
     * A matrix of the base that adapters may stand beside, or a stack of them.
     *
     * @param name the base's tensor
     * @param experts matrices in the stack; 1 for a matrix
     * @param rows outputs of a matrix
     * @param cols inputs of a matrix
     */
    public record Module(String name, int experts, int rows, int cols) {
        /** Refuses what no matrix has. */
        public Module {
            if (experts < 1 || rows < 1 || cols < 1) {
                throw new IllegalArgumentException("adapter module " + name + " is [" + experts + ", " + rows + ", "
                        + cols + "]: expected positive sizes");
            }
        }
    }

    /**
     * A table of adapters that have nothing yet.
     *
     * @param adapters how many
     * @param modules the matrices, by number
     * @param rank the largest of an adapter
     */
    public AdapterFactors(final FreezableArena arena, final int adapters, final List<Module> modules, final int rank) {
        if (adapters < 1 || modules.isEmpty() || rank < 1) {
            throw new IllegalArgumentException("a table of " + adapters + " adapters, " + modules.size()
                    + " modules, largest rank " + rank + ": expected at least 1 of each");
        }
        this.adapters = adapters;
        this.modules = List.copyOf(modules);
        this.rank = rank;
        this.address = arena.allocate(MemoryTag.PLAN, bytes(adapters, modules.size()), 64)
                .address();
    }

    /** Bytes of a table. */
    public static long bytes(final int adapters, final int modules) {
        return (long) adapters * modules * ENTRY;
    }

    /**
     * Says what an adapter has beside a module.
     *
     * @param adapter 1 to {@link #adapters()}
     * @param module 0 to the number of modules - 1
     * @param a address of A [experts, rankOfAdapter, cols]
     * @param b address of B [experts, rows, rankOfAdapter]
     * @param rankOfAdapter 1 to {@link #rank()}
     */
    public void set(
            final int adapter,
            final int module,
            final long a,
            final long b,
            final int rankOfAdapter,
            final float scale) {
        if (adapter < 1 || adapter > adapters || module < 0 || module >= modules.size()) {
            throw new IndexOutOfBoundsException("adapter " + adapter + ", module " + module + ": expected 1 to "
                    + adapters + ", 0 to " + (modules.size() - 1));
        }
        final String name = modules.get(module).name();
        if (a == 0 || b == 0 || a % Float.BYTES != 0 || b % Float.BYTES != 0) {
            throw new IllegalArgumentException("adapter " + adapter + " beside " + name
                    + ": a factor is missing or begins at an address that 4 does not divide");
        }
        if (rankOfAdapter < 1 || rankOfAdapter > rank) {
            throw new IllegalArgumentException("adapter " + adapter + " beside " + name + " has rank " + rankOfAdapter
                    + ": expected 1 to " + rank);
        }
        final long entry = entry(adapter, module);
        OffHeap.putLong(entry + A, a);
        OffHeap.putLong(entry + B, b);
        OffHeap.putLong(entry + RANK, rankOfAdapter);
        OffHeap.putLong(entry + SCALE, Float.floatToRawIntBits(scale) & 0xFFFFFFFFL);
    }

    private long entry(final int adapter, final int module) {
        return address + ((adapter - 1L) * modules.size() + module) * ENTRY;
    }

    /** Where the table is. */
    public long address() {
        return address;
    }

    /** How many adapters there are. */
    public int adapters() {
        return adapters;
    }

    /** The matrices, by number. */
    public List<Module> modules() {
        return modules;
    }

    /** The largest rank. */
    public int rank() {
        return rank;
    }

    /** Address of A, or 0 where the adapter has nothing beside the module. */
    public long a(final int adapter, final int module) {
        return OffHeap.getLong(entry(adapter, module) + A);
    }

    /** Address of B. */
    public long b(final int adapter, final int module) {
        return OffHeap.getLong(entry(adapter, module) + B);
    }

    /** Rows of A and columns of B. */
    public int rank(final int adapter, final int module) {
        return (int) OffHeap.getLong(entry(adapter, module) + RANK);
    }

    /** What B A x is multiplied by. */
    public float scale(final int adapter, final int module) {
        return OffHeap.getFloat(entry(adapter, module) + SCALE);
    }
}
