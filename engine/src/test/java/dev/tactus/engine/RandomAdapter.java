package dev.tactus.engine;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.kernel.Philox;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.OffHeap;
import java.util.EnumSet;
import java.util.Set;

/** Adapters of random factors, as a trainer would leave them. */
final class RandomAdapter {
    private static final int PURPOSE = 77;

    private RandomAdapter() {}

    /** One beside every matrix that can have one, large enough to change most draws. */
    static LoraAdapter everywhere(
            final LoadedModel model, final int rank, final long seed, final FreezableArena arena) {
        return of(model, rank, EnumSet.allOf(LoraGroup.class), seed, arena);
    }

    /** One beside the matrices of some groups. */
    static LoraAdapter of(
            final LoadedModel model,
            final int rank,
            final Set<LoraGroup> groups,
            final long seed,
            final FreezableArena arena) {
        final LoraAdapter adapter = silent(model, rank, groups, seed, arena);
        fill(adapter, seed);
        return adapter;
    }

    /** One whose B is zero: it changes nothing. */
    static LoraAdapter silent(
            final LoadedModel model,
            final int rank,
            final Set<LoraGroup> groups,
            final long seed,
            final FreezableArena arena) {
        final LoraConfig config = LoraConfig.of(rank, 0.7f * rank);
        return LoraAdapter.create(config, model.loraBase(), groups, LoraInit.KAIMING, seed, arena);
    }

    /** Draws B: normals small enough that logits stay finite. */
    static void fill(final LoraAdapter adapter, final long seed) {
        for (int m = 0; m < adapter.modules().size(); m++) {
            final LoraModule module = adapter.modules().get(m);
            Philox.normals(seed, m, 0, PURPOSE, module.b(), Math.toIntExact(module.floatsOfB()));
            final float factor = (float) (0.2 / Math.sqrt(module.rank()));
            for (long i = 0; i < module.floatsOfB(); i++) {
                final long at = module.b() + i * Float.BYTES;
                OffHeap.putFloat(at, OffHeap.getFloat(at) * factor);
            }
        }
    }
}
