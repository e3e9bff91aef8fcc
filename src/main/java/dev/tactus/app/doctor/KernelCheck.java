package dev.tactus.app.doctor;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The C kernels: whether they are there, and which units of this CPU each class of numerics uses. */
public final class KernelCheck {
    private static final String SUBJECT = "C kernels";

    private KernelCheck() {}

    /** The library, the class lines, and what can be forced; or why there are none. */
    public static List<Finding> findings() {
        final NativeKernels kernels = NativeKernels.load();
        return kernels.isAvailable()
                ? with(kernels.detected(), origin(System.getProperty(NativeKernels.LIBRARY_PROPERTY)))
                : List.of(without(kernels.reasons()));
    }

    /** Where the library came from. */
    static String origin(final String named) {
        return named == null ? "from this build" : "from " + named + " (" + NativeKernels.LIBRARY_PROPERTY + ")";
    }

    static Finding without(final List<String> reasons) {
        return Finding.note(
                SUBJECT,
                "none: " + String.join("; ", reasons),
                "the Java kernels run instead, exact only; a build on Linux x86-64 with gcc 12 or newer has C kernels,"
                        + " or name a library with -D" + NativeKernels.LIBRARY_PROPERTY + "=FILE");
    }

    static List<Finding> with(final Isa detected, final String origin) {
        final String forced = Arrays.stream(Isa.values())
                .filter(isa -> isa.compareTo(detected) <= 0)
                .map(Isa::label)
                .collect(Collectors.joining(", "));
        return List.of(
                Finding.ok(SUBJECT, detected.label() + ", " + origin + "; --isa can be " + forced),
                Finding.ok(NumericClass.EXACT.label(), exact(detected)),
                Finding.ok(NumericClass.FAST_BF16.label(), bf16(detected)),
                Finding.ok(NumericClass.FAST_INT8.label(), int8(detected)));
    }

    private static String exact(final Isa isa) {
        return (isa == Isa.AVX2 ? "AVX2" : "AVX-512") + ": float32, the same bits as every other kernel";
    }

    private static String bf16(final Isa isa) {
        return switch (isa) {
            case AVX2 -> "AVX2: weights widened to float32, no bfloat16 unit on this CPU";
            case AVX512, AVX512_VNNI -> "AVX-512: weights widened to float32, no bfloat16 unit on this CPU";
            case AVX512_BF16 -> "AVX-512 BF16: dot products of bfloat16, no AMX on this CPU or system";
            case AMX -> "AMX: tiles of bfloat16";
        };
    }

    private static String int8(final Isa isa) {
        return switch (isa) {
            case AVX2 -> "AVX2: int8 widened to int16, no VNNI unit of 512 bits on this CPU";
            case AVX512 -> "AVX-512: int8 widened to int16, no VNNI unit on this CPU";
            case AVX512_VNNI, AVX512_BF16 -> "AVX-512 VNNI: dot products of int8, no AMX on this CPU or system";
            case AMX -> "AMX: tiles of int8";
        };
    }
}
