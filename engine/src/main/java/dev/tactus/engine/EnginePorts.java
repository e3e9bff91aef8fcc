package dev.tactus.engine;

import dev.tactus.engine.device.Backend;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.MediaSlots;
import dev.tactus.scheduler.TickExecutor;

/**
 * What stands at the ports of an engine: its device, and whoever sees what passes between the loop and the rest. For
 * simulation and tests; an engine without has a CPU and nobody who watches.
 *
 * <p>Each method is called once, at launch, on the launching thread: {@link #device} first.
 */
public interface EnginePorts {
    /**
     * Makes the device, which the engine closes before it frees its memory.
     *
     * @param context concluded
     * @param machine what a tick of this engine may put out
     */
    Backend device(EngineContext context, OutputMachine machine);

    /** The ring by which everything reaches the tick thread. */
    default void ingress(final IngressRing ring) {}

    /** What the loop calls in place of {@code engine}, to which it hands every call on. */
    default TickExecutor executor(final TickExecutor engine) {
        return engine;
    }

    /** Where the loop returns slots in place of {@code engine}, to which it hands every call on. */
    default MediaSlots slots(final MediaSlots engine) {
        return engine;
    }
}
