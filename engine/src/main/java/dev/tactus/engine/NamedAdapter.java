package dev.tactus.engine;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraBase;
import dev.tactus.engine.adapter.LoraOutline;
import dev.tactus.engine.model.AdapterTargets;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An adapter that sessions of an engine may choose, by its id.
 *
 * @param folder where it is; null when it is in memory already
 * @param given the adapter in memory; null when it is in a folder
 * @param outline what it has, once it was looked at; null before
 */
record NamedAdapter(String id, Path folder, LoraAdapter given, LoraOutline outline) {
    private static final int LONGEST_ID = 128;

    /**
     * Makes sure that it fits.
     *
     * @throws IllegalArgumentException naming the id and what is wrong
     */
    NamedAdapter checked(final LoraBase base, final MemoryLedger ledger) {
        if (id == null || id.isBlank() || id.length() > LONGEST_ID) {
            throw new IllegalArgumentException(
                    "adapter id \"" + id + "\": expected 1 to " + LONGEST_ID + " characters, not all of them blank");
        }
        if (given == null && folder == null) {
            throw new IllegalArgumentException("adapter " + id + " is null: expected a folder or an adapter");
        }
        if (given == null) {
            return new NamedAdapter(id, folder, null, LoraAdapter.inspect(folder, base, ledger));
        }
        try {
            given.requireBase(base);
        } catch (final InvalidModelException ex) {
            throw new InvalidModelException("adapter " + id + ": " + ex.getMessage(), ex);
        }
        return new NamedAdapter(id, null, given, given.outline());
    }

    /** Bytes that an engine holds for it: none for one that is somebody else's. */
    long bytes() {
        return given == null ? outline.bytes() : 0;
    }

    /** The adapter, read into the arena or where it is. */
    LoraAdapter load(final LoraBase base, final FreezableArena arena, final MemoryLedger ledger) {
        if (given != null) {
            return given;
        }
        final LoraAdapter loaded = LoraAdapter.load(folder, base, arena, ledger);
        if (!loaded.outline().equals(outline)) {
            throw new InvalidModelException(folder
                    + ": the adapter has changed since the engine was planned: expected rank "
                    + outline.config().rank() + " beside " + outline.modules().size() + " matrices; launch again");
        }
        return loaded;
    }

    /** The matrices of all adapters, and the largest rank. */
    static AdapterTargets targets(final List<LoraOutline> adapters) {
        int rank = 0;
        final Set<String> tensors = new HashSet<>();
        for (final LoraOutline adapter : adapters) {
            rank = Math.max(rank, adapter.config().rank());
            adapter.modules().forEach(module -> tensors.add(module.tensor().name()));
        }
        return new AdapterTargets(rank, tensors);
    }
}
