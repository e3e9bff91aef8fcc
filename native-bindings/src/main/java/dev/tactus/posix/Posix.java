package dev.tactus.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.Errno;
import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.stream.IntStream;

/**
 * The POSIX calls the engine needs at start: page size, memory locking, the CPUs it may use.
 *
 * <p>Linux and macOS. Every call may be made from any thread: {@code errno} is captured per call. None is meant for the
 * data path, and each allocates a little.
 */
public final class Posix {
    private static final boolean MACOS = System.getProperty("os.name").startsWith("Mac");
    private static final boolean LINUX = System.getProperty("os.name").startsWith("Linux");
    private static final int RLIMIT_MEMLOCK = MACOS ? 6 : 8;
    private static final int EINVAL = 22;
    private static final int FIRST_MASK_BYTES = 128;
    private static final int LAST_MASK_BYTES = 8192;

    private Posix() {}

    /** Whether this system has these calls at all. */
    public static boolean isSupported() {
        return MACOS || LINUX;
    }

    /** The size of a memory page in bytes, a power of two. */
    public static int pageBytes() {
        return Calls.run("getpagesize()", callState -> (int) Calls.GETPAGESIZE.invokeExact());
    }

    /** How much memory this process may lock. A process with CAP_IPC_LOCK (root) may lock more. */
    public static ResourceLimit memoryLockLimit() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment limit = arena.allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment());
            final String call = "getrlimit(RLIMIT_MEMLOCK)";
            check(call, "", callState -> (int) Calls.GETRLIMIT.invokeExact(callState, RLIMIT_MEMLOCK, limit.address()));
            return new ResourceLimit(
                    bytesOrUnlimited(limit.get(JAVA_LONG, 0)),
                    bytesOrUnlimited(limit.get(JAVA_LONG, JAVA_LONG.byteSize())));
        }
    }

    /**
     * Keeps memory from being paged out, until {@link #unlock}.
     *
     * @param segment native memory; whole pages are locked, so it should be page-aligned
     * @throws PosixException when the limit is too low or memory is short; the message says what to raise
     */
    public static void lock(final MemorySegment segment) {
        final String call = "mlock(" + segment.byteSize() + " bytes)";
        check(
                call,
                "raise the limit on locked memory (ulimit -l, LimitMEMLOCK= in a systemd unit, --ulimit memlock=-1 in"
                        + " a container)",
                callState -> (int) Calls.MLOCK.invokeExact(callState, nativeAddress(segment), segment.byteSize()));
    }

    /**
     * Undoes {@link #lock}.
     *
     * @throws PosixException when the memory is not mapped
     */
    public static void unlock(final MemorySegment segment) {
        check("munlock(" + segment.byteSize() + " bytes)", "", callState ->
                (int) Calls.MUNLOCK.invokeExact(callState, nativeAddress(segment), segment.byteSize()));
    }

    /**
     * How many CPUs the calling thread may run on, at least 1. Unlike {@link Runtime#availableProcessors()} it knows no
     * container quota. Where the system has no affinity (macOS) both are the same.
     */
    public static int affinityCount() {
        if (!LINUX) {
            return Runtime.getRuntime().availableProcessors();
        }
        return affinity().length;
    }

    /**
     * The CPUs that the calling thread may run on, by number, rising. Where the system has no affinity (macOS) none is
     * known, and the array is empty.
     */
    public static int[] affinity() {
        if (!LINUX) {
            return new int[0];
        }
        for (int bytes = FIRST_MASK_BYTES; ; bytes *= 2) {
            try (Arena arena = Arena.ofConfined()) {
                return setBits(affinityMask(arena, bytes));
            } catch (final PosixException ex) {
                // the kernel knows more CPUs than the mask has room for
                if (ex.errno() != EINVAL || bytes >= LAST_MASK_BYTES) {
                    throw ex;
                }
            }
        }
    }

    /**
     * Keeps the calling thread on one CPU, for as long as it lives. Does nothing where the system has no affinity.
     *
     * @param cpu one of {@link #affinity()}
     * @throws PosixException when the thread may not run there
     */
    public static void pinThread(final int cpu) {
        if (!LINUX) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            final long bytes = Math.max(FIRST_MASK_BYTES, (cpu / Long.SIZE + 1L) * Long.BYTES);
            final MemorySegment mask = arena.allocate(bytes, JAVA_LONG.byteAlignment());
            mask.setAtIndex(JAVA_LONG, cpu / Long.SIZE, 1L << cpu);
            check("sched_setaffinity(CPU " + cpu + ")", "choose one of the CPUs this process may use", callState ->
                    (int) Calls.SCHED_SETAFFINITY.invokeExact(callState, 0, mask.byteSize(), mask.address()));
        }
    }

    private static MemorySegment affinityMask(final Arena arena, final int bytes) {
        final MemorySegment mask = arena.allocate(bytes, JAVA_LONG.byteAlignment());
        check("sched_getaffinity(mask of " + bytes + " bytes)", "", callState ->
                (int) Calls.SCHED_GETAFFINITY.invokeExact(callState, 0, mask.byteSize(), mask.address()));
        return mask;
    }

    private static int[] setBits(final MemorySegment mask) {
        return IntStream.range(0, Math.toIntExact(mask.byteSize() * Byte.SIZE))
                .filter(cpu -> (mask.get(JAVA_BYTE, cpu / Byte.SIZE) >> cpu % Byte.SIZE & 1) != 0)
                .toArray();
    }

    /** The platform's "infinity" is the largest unsigned (Linux) or signed (macOS) value. */
    private static long bytesOrUnlimited(final long value) {
        return value < 0 ? ResourceLimit.UNLIMITED : value;
    }

    private static long nativeAddress(final MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("memory on the Java heap cannot be locked: expected a native segment");
        }
        return segment.address();
    }

    private static void check(final String call, final String remedy, final Calls.Body body) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment callState = arena.allocate(Errno.LAYOUT);
            if (Calls.invoke(call, body, callState) != 0) {
                throw new PosixException(call, Errno.of(callState), remedy);
            }
        }
    }

    /** The bound functions, in a class of their own so that asking {@link #isSupported()} binds nothing. */
    private static final class Calls {
        /** One native call; the segment receives errno. */
        private interface Body {
            int call(MemorySegment callState) throws Throwable;
        }

        static final MethodHandle GETPAGESIZE;
        static final MethodHandle GETRLIMIT;
        static final MethodHandle MLOCK;
        static final MethodHandle MUNLOCK;
        static final MethodHandle SCHED_GETAFFINITY;
        static final MethodHandle SCHED_SETAFFINITY;

        static {
            if (!isSupported()) {
                throw new UnsupportedOperationException(
                        "POSIX calls exist on Linux and macOS, not on " + System.getProperty("os.name"));
            }
            final NativeLibrary libc = NativeLibrary.process();
            final FunctionDescriptor range = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG);
            GETPAGESIZE = NativeSymbols.bind(libc, "getpagesize", FunctionDescriptor.of(JAVA_INT), false);
            GETRLIMIT = NativeSymbols.bindWithErrno(
                    libc, "getrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
            MLOCK = NativeSymbols.bindWithErrno(libc, "mlock", range);
            MUNLOCK = NativeSymbols.bindWithErrno(libc, "munlock", range);
            final FunctionDescriptor affinity = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
            SCHED_GETAFFINITY = LINUX ? NativeSymbols.bindWithErrno(libc, "sched_getaffinity", affinity) : null;
            SCHED_SETAFFINITY = LINUX ? NativeSymbols.bindWithErrno(libc, "sched_setaffinity", affinity) : null;
        }

        static int run(final String call, final Body body) {
            return invoke(call, body, MemorySegment.NULL);
        }

        static int invoke(final String call, final Body body, final MemorySegment callState) {
            try {
                return body.call(callState);
            } catch (final RuntimeException | Error ex) {
                throw ex;
            } catch (final Throwable ex) {
                throw new AssertionError(call + " is bound with a wrong signature", ex);
            }
        }
    }
}
