package dev.tactus.engine.adapter;

import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.kernel.Philox;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * A LoRA adapter as data: two float32 factors beside each chosen matrix of a base, in one slab.
 *
 * <pre>
 *   slab   A of module 0 | B of module 0 | A of module 1 | …
 * </pre>
 *
 * The slab lies in the arena it was made from and lives as long. Whoever trains writes the factors; otherwise nothing
 * does, and any thread may read them.
 */
public final class LoraAdapter {
    /** Draws of initial values; not a purpose of any session. */
    private static final int PURPOSE = 0x4C4F5241;

    private static final int ALIGNMENT = 64;

    private final LoraConfig config;
    private final String baseName;
    private final String baseFingerprint;
    private final List<LoraModule> modules;
    private final long address;
    private final long floats;

    private LoraAdapter(
            final LoraConfig config, final LoraBase base, final List<LoraModule> shapes, final FreezableArena arena) {
        this.config = config;
        this.baseName = base.name();
        this.baseFingerprint = base.fingerprint();
        this.floats =
                shapes.stream().mapToLong(m -> m.floatsOfA() + m.floatsOfB()).sum();
        this.address = arena.allocate(MemoryTag.WEIGHTS, floats * Float.BYTES, ALIGNMENT)
                .address();
        final List<LoraModule> placed = new ArrayList<>();
        long next = address;
        for (final LoraModule shape : shapes) {
            final long b = next + shape.floatsOfA() * Float.BYTES;
            placed.add(shape.at(next, b));
            next = b + shape.floatsOfB() * Float.BYTES;
        }
        this.modules = List.copyOf(placed);
    }

    /**
     * A new adapter, which changes nothing yet: B is zero.
     *
     * @param groups which matrices get factors; at least one that the base has
     * @param seed of the values of A; those of a module do not depend on what else is chosen
     * @param arena where the factors are allocated
     * @throws IllegalArgumentException when no matrix of the base is chosen
     */
    public static LoraAdapter create(
            final LoraConfig config,
            final LoraBase base,
            final Set<LoraGroup> groups,
            final LoraInit init,
            final long seed,
            final FreezableArena arena) {
        final List<LoraModule> shapes = new ArrayList<>();
        for (final TensorSpec tensor : base.tensors()) {
            final Optional<LoraGroup> group = LoraGroup.of(tensor);
            if (group.isPresent() && groups.contains(group.get())) {
                shapes.add(LoraModule.of(tensor, group.get(), config.rank()));
            }
        }
        if (shapes.isEmpty()) {
            throw new IllegalArgumentException("LoRA: groups " + groups + ": expected at least one of "
                    + EnumSet.allOf(LoraGroup.class) + " that the base has");
        }
        final LoraAdapter adapter = new LoraAdapter(config, base, shapes, arena);
        adapter.modules.forEach(module -> draw(module, init, seed));
        return adapter;
    }

    /**
     * Reads an adapter.
     *
     * @param folder holds {@code adapter_config.json} and {@code adapter_model.safetensors}
     * @param base the model it must be for
     * @param arena where the factors are allocated
     * @param ledger told of the mapped file while it is read
     * @throws InvalidModelException in one line if it is no LoRA adapter, is for another base, does not fit its
     *     matrices or needs what the engine does not do
     */
    public static LoraAdapter load(
            final Path folder, final LoraBase base, final FreezableArena arena, final MemoryLedger ledger) {
        try (LoraFile file = LoraFile.open(folder, base, ledger)) {
            final LoraAdapter adapter = new LoraAdapter(file.config(), base, file.modules(), arena);
            adapter.modules.forEach(file::read);
            return adapter;
        }
    }

    /**
     * Reads what an adapter has, all but its values.
     *
     * @throws InvalidModelException as {@link #load}
     */
    public static LoraOutline inspect(final Path folder, final LoraBase base, final MemoryLedger ledger) {
        try (LoraFile file = LoraFile.open(folder, base, ledger)) {
            return new LoraOutline(file.config(), file.modules());
        }
    }

    /**
     * Makes sure that the adapter is for a base.
     *
     * @throws InvalidModelException in one line if it is for another one or does not fit its matrices
     */
    public void requireBase(final LoraBase base) {
        if (!baseFingerprint.equals(base.fingerprint())) {
            throw new InvalidModelException("base model: found " + baseFingerprint + ", which is " + baseName
                    + ", allowed " + base.fingerprint() + ", which is " + base.name());
        }
        final Optional<LoraModule> stranger = outline().stranger(base);
        if (stranger.isPresent()) {
            throw new InvalidModelException("module " + stranger.get().name() + " of shape "
                    + Arrays.toString(stranger.get().tensor().shape()) + " fits no matrix of " + base.name());
        }
    }

    /** What it has, without its values. */
    public LoraOutline outline() {
        return new LoraOutline(config, modules);
    }

    /**
     * Writes the adapter as PEFT does. Each of the two files appears complete or not at all.
     *
     * @param folder made if it does not exist
     * @throws java.io.UncheckedIOException in one line when it cannot be written
     */
    public void save(final Path folder) {
        LoraFile.write(folder, this);
    }

    /** Rank and scale. */
    public LoraConfig config() {
        return config;
    }

    /** The name of the base. */
    public String baseName() {
        return baseName;
    }

    /** The fingerprint of the base. */
    public String baseFingerprint() {
        return baseFingerprint;
    }

    /** The factors, in the order in which they lie in the slab. */
    public List<LoraModule> modules() {
        return modules;
    }

    /** The groups that have factors. */
    public Set<LoraGroup> groups() {
        final Set<LoraGroup> groups = EnumSet.noneOf(LoraGroup.class);
        modules.forEach(module -> groups.add(module.group()));
        return groups;
    }

    /** The factors beside the base's tensor of that name, or empty. */
    public Optional<LoraModule> beside(final String tensor) {
        return modules.stream().filter(m -> m.tensor().name().equals(tensor)).findFirst();
    }

    /** Address of the slab. */
    public long address() {
        return address;
    }

    /** Elements of the slab. */
    public long floats() {
        return floats;
    }

    private static void draw(final LoraModule module, final LoraInit init, final long seed) {
        final CRC32 name = new CRC32();
        name.update(module.name().getBytes(StandardCharsets.UTF_8));
        final int stream = (int) name.getValue();
        final int count = Math.multiplyExact(module.rank(), module.cols());
        for (int expert = 0; expert < module.experts(); expert++) {
            final long a = module.a(expert);
            if (init == LoraInit.GAUSSIAN) {
                Philox.normals(seed, stream, expert, PURPOSE, a, count);
                scale(a, count, (float) (1.0 / module.rank()));
            } else {
                drawUniform(seed, stream, expert, a, count, (float) (1 / Math.sqrt(module.cols())));
            }
        }
    }

    private static void drawUniform(
            final long seed, final int stream, final int expert, final long a, final int count, final float bound) {
        for (int i = 0; i < count; i++) {
            final int word = Philox.word(seed, stream, expert, i >>> 2, PURPOSE, i & 3);
            OffHeap.putFloat(a + (long) i * Float.BYTES, (2f * Philox.uniform(word) - 1f) * bound);
        }
    }

    private static void scale(final long x, final int count, final float factor) {
        for (int i = 0; i < count; i++) {
            final long at = x + (long) i * Float.BYTES;
            OffHeap.putFloat(at, OffHeap.getFloat(at) * factor);
        }
    }
}
