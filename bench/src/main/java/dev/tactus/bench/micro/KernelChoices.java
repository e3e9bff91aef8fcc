package dev.tactus.bench.micro;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.KernelSelection;
import dev.tactus.kernel.KernelSet;

/** The kernel sets by the name of a bench parameter. */
final class KernelChoices {
    private KernelChoices() {}

    /** The set of that choice. */
    static KernelSet of(final KernelChoice choice) {
        return KernelSelection.of(choice).resolve().set();
    }
}
