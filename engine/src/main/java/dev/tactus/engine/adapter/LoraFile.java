package dev.tactus.engine.adapter;

import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.PartialFile;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * An adapter in the format of PEFT (github.com/huggingface/peft): a JSON file and a safetensors file.
 *
 * <pre>
 *   base_model.model.&lt;module&gt;.lora_A.weight   [rank, cols], beside a stack [experts, rank, cols]
 *   base_model.model.&lt;module&gt;.lora_B.weight   [rows, rank], beside a stack [experts, rows, rank]
 * </pre>
 *
 * The second form is ours: PEFT folds experts into the rank. Beyond what PEFT writes, the safetensors metadata holds
 * the base's fingerprint, rank and alpha, so that files of two adapters are not taken for one. An adapter without them,
 * from another program, is held to the shapes alone.
 */
final class LoraFile implements AutoCloseable {
    static final String WEIGHTS = "adapter_model.safetensors";
    private static final String PREFIX = "base_model.model.";
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";
    private static final String BASE = "tactus_base";
    private static final String SCALING = "tactus_lora";

    private final SafetensorsFile file;
    private final LoraConfig config;
    private final List<LoraModule> modules = new ArrayList<>();

    private LoraFile(final SafetensorsFile file, final LoraConfig config, final LoraBase base) {
        this.file = file;
        this.config = config;
        checkMetadata(base);
        final Set<String> left = new HashSet<>(file.names());
        for (final TensorSpec tensor : base.tensors()) {
            final String module = PREFIX + LoraModule.moduleOf(tensor);
            final Optional<LoraGroup> group = LoraGroup.of(tensor);
            final boolean hasA = left.contains(module + A);
            final boolean hasB = left.contains(module + B);
            if (group.isEmpty() || !hasA && !hasB) {
                continue;
            }
            left.remove(module + A);
            left.remove(module + B);
            final LoraModule shape = LoraModule.of(tensor, group.get(), config.rank());
            checkShape(module + A, shape.shapeOfA(), tensor);
            checkShape(module + B, shape.shapeOfB(), tensor);
            modules.add(shape);
        }
        requireModules(left, base);
    }

    /** Opens and checks an adapter, all but its values. */
    static LoraFile open(final Path folder, final LoraBase base, final MemoryLedger ledger) {
        final LoraConfig config = LoraJson.read(folder.resolve(LoraJson.FILE));
        final SafetensorsFile file = SafetensorsFile.open(folder.resolve(WEIGHTS), ledger);
        boolean opened = false;
        try {
            final LoraFile adapter = new LoraFile(file, config, base);
            opened = true;
            return adapter;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    LoraConfig config() {
        return config;
    }

    /** The modules in the file, without addresses. */
    List<LoraModule> modules() {
        return modules;
    }

    /** Fills the factors of a module. */
    void read(final LoraModule module) {
        read(PREFIX + module.name() + A, module.a());
        read(PREFIX + module.name() + B, module.b());
    }

    @Override
    public void close() {
        file.close();
    }

    /** Writes both files; the weights first, as it is the JSON that says there is an adapter. */
    static void write(final Path folder, final LoraAdapter adapter) {
        try {
            Files.createDirectories(folder);
            writeWeights(folder.resolve(WEIGHTS), adapter);
            writeAtomically(folder.resolve(LoraJson.FILE), LoraJson.write(adapter));
        } catch (final IOException e) {
            throw new UncheckedIOException(folder + ": adapter not written: " + e, e);
        }
    }

    private static void writeWeights(final Path path, final LoraAdapter adapter) throws IOException {
        final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
        for (final LoraModule module : adapter.modules()) {
            final String name = PREFIX + module.name();
            declared.add(new SafetensorsWriter.Declared(name + A, DType.F32, module.shapeOfA()));
            declared.add(new SafetensorsWriter.Declared(name + B, DType.F32, module.shapeOfB()));
        }
        final Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put(BASE, adapter.baseFingerprint());
        metadata.put(SCALING, scaling(adapter.config()));
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, declared, metadata)) {
            for (final LoraModule module : adapter.modules()) {
                final String name = PREFIX + module.name();
                writer.write(name + A, OffHeap.ALL.asSlice(module.a(), module.floatsOfA() * Float.BYTES));
                writer.write(name + B, OffHeap.ALL.asSlice(module.b(), module.floatsOfB() * Float.BYTES));
            }
            writer.commit();
        }
    }

    private static void writeAtomically(final Path path, final byte[] content) throws IOException {
        try (PartialFile file = PartialFile.create(path)) {
            final ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                file.channel().write(bytes);
            }
            file.commit();
        }
    }

    private static String scaling(final LoraConfig config) {
        return "rank " + config.rank() + ", alpha " + config.alpha() + (config.rankStabilised() ? ", rslora" : "");
    }

    private void checkMetadata(final LoraBase base) {
        final String found = file.metadata().get(BASE);
        if (found != null && !found.equals(base.fingerprint())) {
            throw BoundedJson.refusal(
                    file.path(), "base model", found, base.fingerprint() + ", which is " + base.name());
        }
        final String scaling = file.metadata().get(SCALING);
        if (scaling != null && !scaling.equals(scaling(config))) {
            throw BoundedJson.refusal(
                    file.path(), "scaling", scaling, scaling(config) + ", as " + LoraJson.FILE + " says");
        }
    }

    private void checkShape(final String name, final long[] shape, final TensorSpec beside) {
        final Tensor tensor = file.tensor(name);
        if (!tensor.hasShape(shape)) {
            throw BoundedJson.refusal(
                    file.path(),
                    "tensor " + name,
                    Arrays.toString(tensor.shape()),
                    Arrays.toString(shape) + ", rank " + config.rank() + " beside " + beside.name() + ' '
                            + Arrays.toString(beside.shape()));
        }
        if (!tensor.dtype().isWeight()) {
            throw BoundedJson.refusal(file.path(), "tensor " + name + ": dtype", tensor.dtype(), "F32, F16, BF16");
        }
    }

    private void requireModules(final Set<String> left, final LoraBase base) {
        if (!left.isEmpty()) {
            throw BoundedJson.refusal(
                    file.path(),
                    "tensor",
                    new TreeSet<>(left).first() + ", one of " + left.size() + " that fit nothing",
                    PREFIX + "<module>" + A + " and " + B.substring(1) + " beside matrices of " + base.name());
        }
        if (modules.isEmpty()) {
            throw BoundedJson.refusal(file.path(), "tensors", "none", "at least one " + PREFIX + "<module>" + A);
        }
    }

    private void read(final String name, final long target) {
        final Tensor tensor = file.tensor(name);
        for (long i = 0; i < tensor.elements(); i++) {
            final float value = tensor.floatAt(i);
            if (!Float.isFinite(value)) {
                throw new InvalidModelException(
                        file.path() + ": tensor " + name + ": element " + i + " is " + value + ", allowed finite");
            }
            OffHeap.putFloat(target + i * Float.BYTES, value);
        }
    }
}
