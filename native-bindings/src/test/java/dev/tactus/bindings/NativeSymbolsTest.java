package dev.tactus.bindings;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class NativeSymbolsTest {
    private static final FunctionDescriptor INT_TO_INT = FunctionDescriptor.of(JAVA_INT, JAVA_INT);

    private final NativeLibrary libc = NativeLibrary.process();

    @Test
    void shouldCallABoundFunction() throws Throwable {
        for (final boolean critical : new boolean[] {false, true}) {
            final MethodHandle abs = NativeSymbols.bind(libc, "abs", INT_TO_INT, critical);
            assertEquals(42, (int) abs.invokeExact(-42));
        }
    }

    @Test
    void shouldNameTheSymbolAndTheLibraryThatLacksIt() {
        final NativeBindingException ex = assertThrows(
                NativeBindingException.class, () -> NativeSymbols.bind(libc, "no_such_symbol", INT_TO_INT, false));
        assertTrue(ex.getMessage().contains("no_such_symbol"), ex::getMessage);
        assertTrue(ex.getMessage().contains(libc.name()), ex::getMessage);
        assertTrue(libc.find("no_such_symbol").isEmpty());
    }

    @Test
    void shouldListTheReasonForEveryCandidate(@TempDir final Path folder) throws IOException {
        final Path text = Files.writeString(folder.resolve("libtext.so"), "not a library");
        final Path missing = folder.resolve("libmissing.so");
        final NativeBindingException ex = assertThrows(
                NativeBindingException.class,
                () -> NativeLibrary.open("libnone.so.7", "some/lib.so", missing.toString(), text.toString()));
        assertEquals(4, ex.reasons().size());
        assertTrue(ex.reasons().get(0).startsWith("libnone.so.7: the system's loader"), ex::getMessage);
        assertTrue(ex.reasons().get(1).contains("must be absolute"), ex::getMessage);
        assertTrue(ex.reasons().get(2).contains("no such file"), ex::getMessage);
        assertTrue(ex.reasons().get(3).contains("not a library"), ex::getMessage);
        for (final String reason : ex.reasons()) {
            assertTrue(ex.getMessage().contains(reason), ex::getMessage);
        }
        assertThrows(IllegalArgumentException.class, NativeLibrary::open);
    }

    /** Two threads that fail with different numbers at the same time each see their own. */
    @Test
    @Timeout(60)
    void shouldKeepErrnoOfThreadsApart() throws Throwable {
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final Thread other = new Thread(() -> {
            try {
                expectErrno("getrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), 22);
            } catch (final Throwable ex) {
                failure.set(ex);
            }
        });
        other.start();
        expectErrno("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), 9);
        other.join();
        assertNull(failure.get());
    }

    /** Calls with the arguments (-1, 0), which each of the functions used here refuses. */
    private void expectErrno(final String symbol, final FunctionDescriptor descriptor, final int expected)
            throws Throwable {
        final MethodHandle call = NativeSymbols.bindWithErrno(libc, symbol, descriptor);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment state = arena.allocate(Errno.LAYOUT);
            for (int i = 0; i < 20_000; i++) {
                assertEquals(-1, (int) call.invokeExact(state, -1, 0L), symbol);
                assertEquals(expected, Errno.of(state), symbol);
            }
        }
    }
}
