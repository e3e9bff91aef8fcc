package dev.tactus.engine;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;
import java.lang.management.ManagementFactory;

/** The kernel sets of the CPU backend. */
final class Kernels {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final KernelSet VECTOR = new VectorKernels();

    private static final int C2_TIER = 4;

    private Kernels() {}

    /** The set to start with; AUTO may fall back later. */
    static KernelSet of(final KernelChoice choice) {
        return choice == KernelChoice.REFERENCE ? REFERENCE : VECTOR;
    }

    /** Whether the JVM has a compiler that keeps vectors in registers: C2 at tier 4. */
    static boolean canCompileVectors() {
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
