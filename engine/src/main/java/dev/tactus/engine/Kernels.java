package dev.tactus.engine;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.CKernels;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;
import java.lang.management.ManagementFactory;

/** The kernels of the CPU backend, and which of them a choice means on this machine. */
public final class Kernels {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final KernelSet VECTOR = new VectorKernels();

    private static final int C2_TIER = 4;

    private Kernels() {}

    /**
     * The kernels to start with. AUTO means C where C can run.
     *
     * @param isa the instruction set of C kernels; null for the best that the CPU has
     * @param numerics the class of the engine's products
     * @throws IllegalArgumentException when C kernels are asked for, by choice, instruction set or class, and cannot
     *     run here, with the reasons; or when this machine lacks the instruction set
     */
    public static CpuKernels of(final KernelChoice choice, final Isa isa, final NumericClass numerics) {
        final boolean needsC = isa != null || numerics != NumericClass.EXACT;
        if (needsC && (choice == KernelChoice.REFERENCE || choice == KernelChoice.VECTOR)) {
            throw new IllegalArgumentException((isa != null ? "an instruction set" : numerics.label())
                    + " is chosen for the C kernels, and the kernels chosen are " + choice);
        }
        final NativeKernels library = NativeKernels.load();
        if (choice == KernelChoice.C || needsC || choice == KernelChoice.AUTO && library.isAvailable()) {
            if (!library.isAvailable()) {
                throw new IllegalArgumentException(
                        "there are no C kernels here: " + String.join("; ", library.reasons()));
            }
            return new CpuKernels(new CKernels(isa == null ? library.detected() : isa), numerics);
        }
        return CpuKernels.exact(choice == KernelChoice.REFERENCE ? REFERENCE : VECTOR);
    }

    /** Whether AUTO found no C kernels and the JVM cannot keep vectors in registers either. */
    static boolean mustFallBack(final KernelChoice choice, final CpuKernels started) {
        return choice == KernelChoice.AUTO && started.set() == VECTOR && !canCompileVectors();
    }

    /** Whether the JVM has a compiler that keeps vectors in registers: C2 at tier 4. */
    private static boolean canCompileVectors() {
        final HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return !System.getProperty("java.vm.info", "").contains("interpreted")
                    && Integer.parseInt(vm.getVMOption("TieredStopAtLevel").getValue()) >= C2_TIER;
        } catch (final IllegalArgumentException ex) {
            // not HotSpot: its vectors may be as good, and the warm-up will tell
            return true;
        }
    }

    /** What AUTO falls back to. */
    static KernelSet fallback() {
        return REFERENCE;
    }
}
