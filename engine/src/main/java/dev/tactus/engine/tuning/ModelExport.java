package dev.tactus.engine.tuning;

import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes masters as a model directory that the engine opens: weights, into which the factors of an adapter are merged,
 * and the small files of the model that was trained. Tensors of the source that are known and not trained (heads that
 * speak or predict ahead) go along unchanged.
 */
final class ModelExport {
    private static final List<String> SMALL_FILES = List.of(".json", ".jinja", ".txt", ".model", "LICENSE", "NOTICE");

    private final Path source;
    private final boolean trained;
    private final byte[] config;
    private final Parameters parameters;
    private final Factors factors;
    private final MemoryLedger ledger;

    /**
     * Keeps the configuration as it is now.
     *
     * @param trained whether the masters began as the weights in {@code source}
     */
    ModelExport(final Path source, final boolean trained, final TrainedModel model, final MemoryLedger ledger) {
        this.source = source;
        this.trained = trained;
        this.parameters = model.parameters();
        this.factors = model.factors();
        this.ledger = ledger;
        final Path file = source.resolve(ModelConfig.FILE_NAME);
        try {
            this.config = Files.readAllBytes(file);
        } catch (final IOException e) {
            throw new TrainingException(file + ": not readable: " + e, e);
        }
    }

    /**
     * The folder appears complete or not at all.
     *
     * @param matrices the type of matrices, float32 or bfloat16 (to nearest, ties to even); everything else is float32
     */
    void write(final Path directory, final DType matrices) {
        if (matrices != DType.F32 && matrices != DType.BF16) {
            throw new IllegalArgumentException(directory + ": matrices as " + matrices + ": expected F32 or BF16");
        }
        final Path target = directory.toAbsolutePath().normalize();
        try {
            requireFree(target);
            Files.createDirectories(target.getParent());
            // not a temporary directory of the JDK: only its owner may read such a one
            final Path partial = target.resolveSibling("." + target.getFileName() + ".partial-"
                    + ProcessHandle.current().pid());
            delete(partial);
            boolean complete = false;
            try {
                Files.createDirectory(partial);
                fill(partial, matrices);
                Files.deleteIfExists(target);
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
                complete = true;
            } finally {
                if (!complete) {
                    delete(partial);
                }
            }
        } catch (final IOException e) {
            throw new TrainingException(directory + ": model not written: " + e + "; nothing was left there", e);
        }
    }

    private void fill(final Path folder, final DType matrices) throws IOException {
        copySmallFiles(folder);
        Files.write(folder.resolve(ModelConfig.FILE_NAME), config);
        force(folder.resolve(ModelConfig.FILE_NAME));
        if (trained) {
            try (Checkpoint checkpoint = Checkpoint.open(source, ledger)) {
                final List<Tensor> kept = new ArrayList<>();
                for (final String name :
                        ModelTensors.check(parameters.config(), checkpoint).skipped()) {
                    kept.add(checkpoint.tensor(name));
                }
                writeWeights(folder, matrices, kept);
            }
        } else {
            writeWeights(folder, matrices, List.of());
        }
    }

    private void writeWeights(final Path folder, final DType matrices, final List<Tensor> kept) throws IOException {
        final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
        for (final Parameter parameter : parameters.all()) {
            declared.add(
                    new SafetensorsWriter.Declared(parameter.name(), type(parameter, matrices), parameter.shape()));
        }
        for (final Tensor tensor : kept) {
            declared.add(new SafetensorsWriter.Declared(tensor.name(), tensor.dtype(), tensor.shape()));
        }
        final Path file = folder.resolve(Checkpoint.SINGLE_FILE);
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of("format", "pt"))) {
            for (final Parameter parameter : parameters.all()) {
                final Optional<LoraModule> beside =
                        factors == null ? Optional.empty() : factors.adapter().beside(parameter.name());
                if (beside.isPresent()) {
                    writeMerged(writer, parameter, beside.get());
                } else if (type(parameter, matrices) == DType.BF16) {
                    writeRounded(writer, parameter);
                } else {
                    writer.write(
                            parameter.name(),
                            OffHeap.ALL.asSlice(parameter.value(), parameter.elements() * Float.BYTES));
                }
            }
            for (final Tensor tensor : kept) {
                if (tensor.elements() > 0) {
                    writer.write(tensor.name(), tensor.data());
                }
            }
            writer.commit();
        }
    }

    private static DType type(final Parameter parameter, final DType matrices) {
        return parameter.isMatrix() ? matrices : DType.F32;
    }

    private static void writeRounded(final SafetensorsWriter writer, final Parameter parameter) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment rounded = arena.allocate(parameter.elements() * Short.BYTES, Short.BYTES);
            for (long i = 0; i < parameter.elements(); i++) {
                final float value = OffHeap.getFloat(parameter.value() + i * Float.BYTES);
                rounded.set(ValueLayout.JAVA_SHORT, i * Short.BYTES, DType.bfloat16(value));
            }
            writer.write(parameter.name(), rounded);
        }
    }

    /** {@code w + scale · (b · a)}, the product in float64, rounded once; a row at a time. */
    private void writeMerged(final SafetensorsWriter writer, final Parameter parameter, final LoraModule module)
            throws IOException {
        final double scale = factors.adapter().config().scale();
        final int cols = module.cols();
        final double[] change = new double[cols];
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment merged = arena.allocate((long) cols * Float.BYTES, Float.BYTES);
            for (int row = 0; row < module.experts() * module.rows(); row++) {
                final int expert = row / module.rows();
                final long b = Floats.row(module.b(), row, module.rank());
                Arrays.fill(change, 0);
                for (int r = 0; r < module.rank(); r++) {
                    final double factor = scale * Floats.get(b, r);
                    final long a = Floats.row(module.a(expert), r, cols);
                    for (int c = 0; c < cols; c++) {
                        change[c] += factor * Floats.get(a, c);
                    }
                }
                final long w = Floats.row(parameter.value(), row, cols);
                for (int c = 0; c < cols; c++) {
                    Floats.put(merged.address(), c, (float) (Floats.get(w, c) + change[c]));
                }
                writer.write(parameter.name(), merged);
            }
        }
    }

    private void copySmallFiles(final Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(source, ModelExport::isSmall)) {
            for (final Path file : files) {
                final Path copy = folder.resolve(file.getFileName());
                Files.copy(file, copy);
                force(copy);
            }
        }
    }

    private static void force(final Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private static boolean isSmall(final Path file) {
        final String name = file.getFileName().toString();
        return !name.startsWith(".")
                && !name.equals(Checkpoint.INDEX_FILE)
                && !name.equals(ModelConfig.FILE_NAME)
                && SMALL_FILES.stream().anyMatch(name::endsWith)
                && Files.isRegularFile(file);
    }

    private static void requireFree(final Path directory) throws IOException {
        boolean free = !Files.exists(directory);
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
                free = !entries.iterator().hasNext();
            }
        }
        if (!free) {
            throw new TrainingException(
                    directory + ": exists already: expected a new or an empty directory for the model");
        }
    }

    private static void delete(final Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (final Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
