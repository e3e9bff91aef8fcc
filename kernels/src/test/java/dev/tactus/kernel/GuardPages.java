package dev.tactus.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.Errno;
import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import dev.tactus.posix.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory between two pages that nobody may touch: a read or a write there ends the process. Linux only; any thread may
 * call.
 */
final class GuardPages {
    private GuardPages() {}

    /** Whether this system has them. */
    static boolean isSupported() {
        return System.getProperty("os.name").startsWith("Linux");
    }

    /** Bytes of a page. */
    static int pageBytes() {
        return Calls.PAGE_BYTES;
    }

    /**
     * Maps memory of its own.
     *
     * @param bytes a multiple of {@link #pageBytes()}
     * @return the address of the first usable byte, to be given to {@link #unmap} with the same number of bytes
     */
    static long map(final long bytes) {
        final long all = bytes + 2L * Calls.PAGE_BYTES;
        final long start = Calls.mmap(all);
        Calls.allow(start + Calls.PAGE_BYTES, bytes);
        return start + Calls.PAGE_BYTES;
    }

    /** Gives back what {@link #map} gave. */
    static void unmap(final long address, final long bytes) {
        Calls.munmap(address - Calls.PAGE_BYTES, bytes + 2L * Calls.PAGE_BYTES);
    }

    /** The bound functions, in a class of their own so that asking {@link #isSupported()} binds nothing. */
    private static final class Calls {
        static final int PAGE_BYTES = Posix.pageBytes();
        private static final int PROT_NONE = 0;
        private static final int PROT_READ_WRITE = 3;
        private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
        private static final long MAP_FAILED = -1;
        private static final MethodHandle MMAP;
        private static final MethodHandle MPROTECT;
        private static final MethodHandle MUNMAP;

        static {
            final NativeLibrary libc = NativeLibrary.process();
            MMAP = NativeSymbols.bindWithErrno(
                    libc,
                    "mmap",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
            MPROTECT = NativeSymbols.bindWithErrno(
                    libc, "mprotect", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
            MUNMAP = NativeSymbols.bindWithErrno(libc, "munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
        }

        static long mmap(final long bytes) {
            try (Arena arena = Arena.ofConfined()) {
                final MemorySegment state = arena.allocate(Errno.LAYOUT);
                final long address =
                        (long) MMAP.invokeExact(state, 0L, bytes, PROT_NONE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
                return checked("mmap(" + bytes + " bytes)", address != MAP_FAILED, address, state);
            } catch (final Throwable ex) {
                throw failure(ex);
            }
        }

        static void allow(final long address, final long bytes) {
            try (Arena arena = Arena.ofConfined()) {
                final MemorySegment state = arena.allocate(Errno.LAYOUT);
                final int result = (int) MPROTECT.invokeExact(state, address, bytes, PROT_READ_WRITE);
                checked("mprotect(" + bytes + " bytes)", result == 0, 0, state);
            } catch (final Throwable ex) {
                throw failure(ex);
            }
        }

        static void munmap(final long address, final long bytes) {
            try (Arena arena = Arena.ofConfined()) {
                final MemorySegment state = arena.allocate(Errno.LAYOUT);
                final int result = (int) MUNMAP.invokeExact(state, address, bytes);
                checked("munmap(" + bytes + " bytes)", result == 0, 0, state);
            } catch (final Throwable ex) {
                throw failure(ex);
            }
        }

        private static long checked(
                final String call, final boolean good, final long result, final MemorySegment state) {
            if (!good) {
                throw new IllegalStateException(call + " failed with errno " + Errno.of(state)
                        + ": memory or the number of mappings (vm.max_map_count) is short");
            }
            return result;
        }

        private static RuntimeException failure(final Throwable ex) {
            return ex instanceof final RuntimeException known ? known : new IllegalStateException("no such call", ex);
        }
    }
}
