package dev.tactus.kernel.c;

import dev.tactus.kernel.AdapterFactors;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.List;

/**
 * A step program as {@code pass.c} interprets it, with the memory that its workers need. Built by a
 * {@link NativeProgramBuilder}, which has checked every shape. Constant; the arena it was built in owns its memory.
 *
 * <p>{@link #run} is called once per pass by each worker, on threads of their own; the calls meet at barriers inside
 * and return when the worker's share is done.
 */
public final class NativeProgram {
    static final int OP_WORDS = 32;
    private static final int PACK_SLOTS = 4;
    private static final int ALIGNMENT = 64;
    private static final int FIELDS = 12;
    private static final long ABI = 3_000_000L + NativePass.BYTES * 1000 + (long) FIELDS * Long.BYTES;

    private final RowSpaces limits;
    private final PassBounds bounds;
    private final int adapters;
    private final int ops;
    private final int workers;
    private final long address;

    NativeProgram(
            final FreezableArena arena, final NativeProgramBuilder built, final List<long[]> words, final int workers) {
        requireAbi();
        this.limits = built.limits();
        this.bounds = built.bounds();
        final AdapterFactors factors = built.factors();
        this.adapters = factors == null ? 0 : factors.adapters();
        this.ops = words.size();
        this.workers = workers;
        final long opBytes = (long) OP_WORDS * Long.BYTES;
        final long first = allocate(arena, MemoryTag.PLAN, opBytes * ops);
        for (int i = 0; i < ops; i++) {
            for (int word = 0; word < words.get(i).length; word++) {
                OffHeap.putLong(first + i * opBytes + word * (long) Long.BYTES, words.get(i)[word]);
            }
        }
        final long scratch = allocate(arena, MemoryTag.PLAN, (long) workers * Long.BYTES);
        for (int worker = 0; worker < workers; worker++) {
            OffHeap.putLong(
                    scratch + worker * (long) Long.BYTES, allocate(arena, MemoryTag.SCRATCH, built.scratchBytes()));
        }
        address = allocate(arena, MemoryTag.PLAN, (long) FIELDS * Long.BYTES);
        final long barrier = allocate(arena, MemoryTag.PLAN, NativeCalls.barrierBytes());
        final long[] fields = {
            built.isa().ordinal(),
            workers,
            ops,
            built.preprocessOps(),
            first,
            scratch,
            built.packBytes(),
            barrier,
            factors == null ? 0 : factors.address(),
            adapters,
            factors == null ? 0 : factors.modules().size(),
            factors == null ? 0 : factors.rank()
        };
        for (int i = 0; i < fields.length; i++) {
            OffHeap.putLong(address + i * (long) Long.BYTES, fields[i]);
        }
    }

    /** Java and C must mean the same structures: a library of another build could write anywhere. */
    private static void requireAbi() {
        if (NativeCalls.abi() != ABI) {
            throw new IllegalStateException("the C kernels are those of another build (they say " + NativeCalls.abi()
                    + ", expected " + ABI + "): build again");
        }
    }

    private static long allocate(final FreezableArena arena, final MemoryTag tag, final long bytes) {
        return arena.allocate(tag, Math.max(bytes, ALIGNMENT), ALIGNMENT).address();
    }

    static long scratchBytes(final long packBytes, final long kernelBytes) {
        return PACK_SLOTS * packBytes + (kernelBytes + ALIGNMENT - 1 & -ALIGNMENT);
    }

    /** Most rows of each space. */
    RowSpaces limits() {
        return limits;
    }

    /** What else its ops ask of a pass. */
    PassBounds bounds() {
        return bounds;
    }

    /** How many adapters a session may choose from. */
    int adapters() {
        return adapters;
    }

    /** How many ops there are. */
    public int ops() {
        return ops;
    }

    /** How many workers run a pass together. */
    public int workers() {
        return workers;
    }

    /**
     * Runs a worker's share of a pass that {@link NativePass#check} has accepted. Returns only when the other workers
     * have come to every barrier, too.
     *
     * @param worker 0 to {@link #workers()} - 1, each by one thread
     */
    public void run(final NativePass pass, final int worker) {
        requireChecked(pass);
        if (worker < 0 || worker >= workers) {
            throw new IllegalArgumentException("worker " + worker + ": expected 0 to " + (workers - 1));
        }
        NativeCalls.passRun(address, pass.address(), worker);
    }

    /** Runs the whole of op {@code op} on the caller's thread. */
    public void runOp(final NativePass pass, final int op) {
        requireChecked(pass);
        if (op < 0 || op >= ops) {
            throw new IllegalArgumentException("op " + op + ": expected 0 to " + (ops - 1));
        }
        NativeCalls.passRunOp(address, pass.address(), op);
    }

    private void requireChecked(final NativePass pass) {
        if (pass.checkedFor() != this) {
            throw new IllegalStateException("the pass was not checked for this program");
        }
    }
}
