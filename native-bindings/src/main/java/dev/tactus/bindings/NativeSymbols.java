package dev.tactus.bindings;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * Turns a symbol of a {@link NativeLibrary} into a method handle. With {@code dev.tactus.espeak}, which is called back,
 * the project's only door to the linker.
 *
 * <p>Bind once and keep the handle in a {@code static final} or final field: binding is slow, and only a constant
 * handle is compiled into a direct call. Handles may be called from any thread unless the library says otherwise.
 */
public final class NativeSymbols {
    private static final Linker LINKER = Linker.nativeLinker();

    private NativeSymbols() {}

    /**
     * Binds a function.
     *
     * @param library where the symbol is
     * @param symbol its exact name
     * @param descriptor its C signature; on hot calls pass pointers as {@code JAVA_LONG}
     * @param critical whether the call is short and never blocks or calls back: it then costs about 4 ns instead of 15,
     *     but the garbage collector waits for it
     * @throws NativeBindingException when the symbol is missing or the signature cannot be linked
     */
    public static MethodHandle bind(
            final NativeLibrary library,
            final String symbol,
            final FunctionDescriptor descriptor,
            final boolean critical) {
        return critical
                ? link(library, symbol, descriptor, Linker.Option.critical(false))
                : link(library, symbol, descriptor);
    }

    /**
     * Binds a function that reports its failure in {@code errno}.
     *
     * <p>The handle takes an {@link Errno#LAYOUT} segment before the function's own arguments. The caller owns that
     * segment and never shares it between threads.
     *
     * @throws NativeBindingException when the symbol is missing or the signature cannot be linked
     */
    public static MethodHandle bindWithErrno(
            final NativeLibrary library, final String symbol, final FunctionDescriptor descriptor) {
        return link(library, symbol, descriptor, Linker.Option.captureCallState("errno"));
    }

    /**
     * The same C signature with every pointer as {@code JAVA_LONG}: what a hot call is bound with, since a raw address
     * needs no object. A generated descriptor stays the one place where the signature stands.
     */
    public static FunctionDescriptor withRawAddresses(final FunctionDescriptor descriptor) {
        final MemoryLayout[] arguments = descriptor.argumentLayouts().stream()
                .map(NativeSymbols::rawAddress)
                .toArray(MemoryLayout[]::new);
        return descriptor
                .returnLayout()
                .map(result -> FunctionDescriptor.of(rawAddress(result), arguments))
                .orElseGet(() -> FunctionDescriptor.ofVoid(arguments));
    }

    private static MemoryLayout rawAddress(final MemoryLayout layout) {
        return layout instanceof AddressLayout ? ValueLayout.JAVA_LONG : layout;
    }

    private static MethodHandle link(
            final NativeLibrary library,
            final String symbol,
            final FunctionDescriptor descriptor,
            final Linker.Option... options) {
        final MemorySegment address = library.find(symbol).orElse(null);
        if (address == null) {
            throw new NativeBindingException(
                    "cannot bind " + symbol, List.of(library.name() + " has no such symbol (an older version?)"));
        }
        try {
            return LINKER.downcallHandle(address, descriptor, options);
        } catch (final IllegalArgumentException | UnsupportedOperationException ex) {
            throw new NativeBindingException(
                    "cannot bind " + symbol + " of " + library.name(),
                    List.of("the signature " + descriptor + " does not fit this platform: " + ex.getMessage()));
        }
    }
}
