package dev.tactus.kernel.c;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeSymbols;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * The exported EXACT ops of {@code dispatch.c}, bound once. Each takes the ordinal of an {@link Isa}, then what its
 * letters say: i an int32, l an int64 or an address, f a float32.
 *
 * <p>Quick ops are bound as critical, which spares them most of the cost of a call; lengthy ones are not, so that the
 * garbage collector need not wait for them.
 */
final class CSymbols {
    static final MethodHandle SCRATCH_BYTES = bind("tactus_scratch_bytes", JAVA_LONG, "ii", true);
    static final MethodHandle LINEAR = lengthy("tactus_linear", "iliiililiil");
    static final MethodHandle RMS_NORM = quick("tactus_rms_norm", "llliffii");
    static final MethodHandle SHORT_CONV = quick("tactus_short_conv", "llllliiiii");
    static final MethodHandle APPEND_KV = quick("tactus_append_kv", "iiiilllllii");
    static final MethodHandle ATTENTION = lengthy("tactus_attention", "iiiiiliiillllllfliil");
    static final MethodHandle WIDEN = quick("tactus_widen", "illi");
    static final MethodHandle AUDIO_BAG = quick("tactus_audio_bag", "illiiilii");
    static final MethodHandle SWIGLU = quick("tactus_swiglu", "lliiif");
    static final MethodHandle GELU = quick("tactus_gelu", "lll");
    static final MethodHandle SILU = quick("tactus_silu", "lii");
    static final MethodHandle SCALE = quick("tactus_scale", "lfii");
    static final MethodHandle FMA_ROW = quick("tactus_fma_row", "fllii");
    static final MethodHandle ADD_ROW = quick("tactus_add_row", "llii");
    static final MethodHandle ROUTE = quick("tactus_route", "lliiifll");
    static final MethodHandle MEL_FOLD = quick("tactus_mel_fold", "lllll");
    static final MethodHandle MEL_MAGNITUDE = quick("tactus_mel_magnitude", "llli");
    static final MethodHandle MEL_BIN = quick("tactus_mel_bin", "llili");
    static final MethodHandle PATCH_PIXELS = lengthy("tactus_patch_pixels", "lliiiill");
    static final MethodHandle FOLD = lengthy("tactus_fold", "liiiiiiil");
    static final MethodHandle SAMPLE = bind("tactus_sample", JAVA_INT, "lilfifliil", false);
    static final MethodHandle FLOW = lengthy("tactus_flow", "lllil");

    private CSymbols() {}

    /** What to throw when a call did: C functions throw nothing, so the cause is the call itself. */
    static AssertionError unexpected(final String symbol, final Throwable cause) {
        return new AssertionError("the call of " + symbol + " failed", cause);
    }

    private static MethodHandle quick(final String symbol, final String parameters) {
        return bind(symbol, null, parameters, true);
    }

    private static MethodHandle lengthy(final String symbol, final String parameters) {
        return bind(symbol, null, parameters, false);
    }

    /** A function of {@code dispatch.c}; {@code result} is null where nothing is returned. */
    static MethodHandle bind(
            final String symbol, final MemoryLayout result, final String parameters, final boolean critical) {
        final List<MemoryLayout> layouts = new ArrayList<>();
        layouts.add(JAVA_INT);
        parameters.chars().forEach(letter -> layouts.add(layout(letter)));
        final FunctionDescriptor nothing = FunctionDescriptor.ofVoid(layouts.toArray(MemoryLayout[]::new));
        final FunctionDescriptor descriptor = result == null ? nothing : nothing.changeReturnLayout(result);
        return NativeSymbols.bind(NativeKernels.load().library(), symbol, descriptor, critical);
    }

    private static MemoryLayout layout(final int letter) {
        return switch (letter) {
            case 'i' -> JAVA_INT;
            case 'l' -> JAVA_LONG;
            case 'f' -> JAVA_FLOAT;
            default -> throw new IllegalArgumentException("letter " + (char) letter + ": expected i, l or f");
        };
    }
}
