package dev.tactus.app.cli;

import dev.tactus.engine.DeviceChoice;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.KernelSelection;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.Isa;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The options that choose the device, its kernels, their instruction set and the class of numerics. */
public final class KernelOptions {
    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "cpu or cuda (an NVIDIA GPU). Default: ${DEFAULT-VALUE}. The bits do not depend on it.")
    private DeviceChoice device;

    @Option(
            names = "--kernels",
            paramLabel = "KIND",
            defaultValue = "auto",
            description = "auto (C where it can run), reference (plain Java), vector (Vector API) or c."
                    + " Default: ${DEFAULT-VALUE}. The bits do not depend on it.")
    private KernelChoice kernels;

    @Option(
            names = "--isa",
            paramLabel = "SET",
            description = "Instruction set of the C kernels: avx2, avx512, avx512-vnni, avx512-bf16 or amx."
                    + " Default: the best that the CPU has; tactus doctor shows it.")
    private String isa;

    @Option(
            names = "--numerics",
            paramLabel = "CLASS",
            defaultValue = "exact",
            description = "exact, fast-bf16 or fast-int8: how products are computed. Default: ${DEFAULT-VALUE}."
                    + " The fast classes are less precise, need the C kernels or, fast-bf16 alone, a GPU, and have bits"
                    + " of their own.")
    private String numerics;

    @Option(
            names = "--cache-quantized",
            description = "With fast-int8: keep the quantised weights beside the model, in tactus-int8.cache, and read"
                    + " them from there the next time. Unused by logits.")
    private boolean cacheQuantized;

    /**
     * Which kernels.
     *
     * @throws BadInputException when an option names none, or what this machine cannot run
     */
    public KernelSelection selection() {
        final KernelSelection selection =
                new KernelSelection(device, kernels, instructionSet(), numericClass(), cacheQuantized);
        try {
            selection.resolve();
        } catch (final IllegalArgumentException ex) {
            throw new BadInputException(ex.getMessage(), ex);
        }
        return selection;
    }

    private Isa instructionSet() {
        if (isa == null) {
            return null;
        }
        final Isa found = Isa.of(isa);
        if (found == null) {
            throw BadInputException.of(
                    "--isa", isa, Arrays.stream(Isa.values()).map(Isa::label).collect(Collectors.joining(", ")));
        }
        return found;
    }

    private NumericClass numericClass() {
        for (final NumericClass found : NumericClass.values()) {
            if (found.label().equals(numerics)) {
                return found;
            }
        }
        throw BadInputException.of(
                "--numerics",
                numerics,
                Arrays.stream(NumericClass.values()).map(NumericClass::label).collect(Collectors.joining(", ")));
    }
}
