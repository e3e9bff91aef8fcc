package dev.tactus.engine.device;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import org.agrona.CloseHelper;

/**
 * Where an engine's memory lies, by who touches it.
 *
 * <pre>
 *   host      the engine alone: rings, records, ledger rows, tables
 *   mapped    the engine and the device, each in place: media and speech slots, scripts, page tables, plan and output
 *   resident  the device alone: keys and values, carries, activations
 * </pre>
 *
 * On a CPU all three are the same arena. Made and closed by whoever launches the device.
 */
public final class DeviceArenas implements AutoCloseable {
    private final FreezableArena host;
    private final FreezableArena mapped;
    private final FreezableArena resident;
    private final AutoCloseable device;

    /**
     * Three arenas, closed together.
     *
     * @param device closed after them: what their memory was taken from; null where that is nobody's
     */
    public DeviceArenas(
            final FreezableArena host,
            final FreezableArena mapped,
            final FreezableArena resident,
            final AutoCloseable device) {
        this.host = host;
        this.mapped = mapped;
        this.resident = resident;
        this.device = device;
    }

    /** One arena in the memory of the process, for a device that computes there. */
    public static DeviceArenas onHost(final MemoryLedger ledger) {
        final FreezableArena arena = new FreezableArena(ledger);
        return new DeviceArenas(arena, arena, arena, null);
    }

    /** What the engine alone touches. */
    public FreezableArena host() {
        return host;
    }

    /** What the engine and the device touch, each in place, at the same addresses. */
    public FreezableArena mapped() {
        return mapped;
    }

    /** What the device alone touches: the engine knows its addresses, no more. */
    public FreezableArena resident() {
        return resident;
    }

    /**
     * Whether the engine can write resident memory, so that it zeroes the state of a new session. Elsewhere the device
     * does, in the pass that has the session's position 0.
     */
    public boolean isResidentOnHost() {
        return resident == host;
    }

    /** Ends allocation. */
    public void freeze() {
        host.freeze();
        mapped.freeze();
        resident.freeze();
    }

    /** Frees all memory, once the device works no more. Calling it again does nothing. */
    @Override
    public void close() {
        CloseHelper.closeAll(resident, mapped, host, device);
    }
}
