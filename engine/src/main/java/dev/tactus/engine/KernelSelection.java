package dev.tactus.engine;

import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.Isa;

/**
 * Which kernels an engine computes with, as a user says it.
 *
 * @param choice the implementation
 * @param isa the instruction set of C kernels; null for the best that the CPU has
 * @param numerics the class of its products
 * @param quantizedCache whether the weights of FAST_INT8 are kept beside the model:
 *     {@link EngineContext#quantizedCache(boolean)}
 */
public record KernelSelection(KernelChoice choice, Isa isa, NumericClass numerics, boolean quantizedCache) {
    /** What an engine uses unless it is told otherwise: the best there is, EXACT. */
    public static final KernelSelection DEFAULT = of(KernelChoice.AUTO);

    /** That implementation, its best instruction set, EXACT. */
    public static KernelSelection of(final KernelChoice choice) {
        return new KernelSelection(choice, null, NumericClass.EXACT, false);
    }

    /**
     * What it means on this machine.
     *
     * @throws IllegalArgumentException when this machine cannot run it, with the reasons
     */
    public CpuKernels resolve() {
        return Kernels.of(choice, isa, numerics);
    }
}
