package dev.tactus.engine;

import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.device.cuda.Gpu;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.Isa;

/**
 * What an engine computes on and with, as a user says it.
 *
 * @param device the CPU or a GPU
 * @param choice the implementation of the CPU's kernels
 * @param isa the instruction set of C kernels; null for the best that the CPU has
 * @param numerics the class of its products
 * @param quantizedCache whether the weights of FAST_INT8 are kept beside the model:
 *     {@link EngineContext#quantizedCache(boolean)}
 */
public record KernelSelection(
        DeviceChoice device, KernelChoice choice, Isa isa, NumericClass numerics, boolean quantizedCache) {
    /** What an engine uses unless it is told otherwise: the best that the CPU has, EXACT. */
    public static final KernelSelection DEFAULT = of(KernelChoice.AUTO);

    /** What an engine uses on a GPU. */
    public static final KernelSelection CUDA =
            new KernelSelection(DeviceChoice.CUDA, KernelChoice.AUTO, null, NumericClass.EXACT, false);

    /** That implementation on the CPU, its best instruction set, EXACT. */
    public static KernelSelection of(final KernelChoice choice) {
        return new KernelSelection(DeviceChoice.CPU, choice, null, NumericClass.EXACT, false);
    }

    /**
     * What it means for the CPU of this machine; what a CPU is best at where a GPU computes.
     *
     * @throws IllegalArgumentException when this machine cannot run it, with the reasons
     */
    public CpuKernels resolve() {
        check();
        return device == DeviceChoice.CUDA
                ? Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT)
                : Kernels.of(choice, isa, numerics);
    }

    /**
     * Checks that settings fit each other and, where a GPU is chosen, that its driver is there.
     *
     * @throws IllegalArgumentException when they do not, or why there is no driver
     */
    void check() {
        if (device == DeviceChoice.CPU) {
            return;
        }
        if (choice != KernelChoice.AUTO || isa != null) {
            throw new IllegalArgumentException("kernels or an instruction set are chosen for the CPU: expected neither"
                    + " on CUDA, which has kernels of its own");
        }
        if (numerics == NumericClass.FAST_INT8) {
            throw new IllegalArgumentException(
                    numerics.label() + " on CUDA: expected exact or fast-bf16, int8 runs on" + " the CPU only");
        }
        Gpu.require();
    }
}
