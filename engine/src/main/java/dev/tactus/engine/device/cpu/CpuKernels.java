package dev.tactus.engine.device.cpu;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.Isa;

/**
 * What a {@link CpuBackend} computes with.
 *
 * @param set the ops of the EXACT class
 * @param numerics the class of the engine's products; anything but EXACT needs the C kernels
 */
public record CpuKernels(KernelSet set, NumericClass numerics) {
    /** Refuses a FAST class without C kernels. */
    public CpuKernels {
        if (numerics != NumericClass.EXACT && !(set instanceof CKernels)) {
            throw new IllegalArgumentException(
                    numerics.label() + " needs the C kernels, and " + set.name() + " kernels were chosen");
        }
    }

    /** The EXACT class with these kernels. */
    public static CpuKernels exact(final KernelSet set) {
        return new CpuKernels(set, NumericClass.EXACT);
    }

    /** Whether whole passes run in C. */
    boolean isNative() {
        return set instanceof CKernels;
    }

    /** The instruction set of C kernels. */
    Isa isa() {
        return ((CKernels) set).isa();
    }

    /** A name for reports: {@code vector}, {@code c/avx2}, {@code c/amx fast-int8}. */
    public String name() {
        return numerics == NumericClass.EXACT ? set.name() : set.name() + " " + numerics.label();
    }
}
