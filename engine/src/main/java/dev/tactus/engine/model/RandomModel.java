package dev.tactus.engine.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes a model directory with random weights: right shapes, sane logits, nothing learned. For trying the engine and
 * for its benches without a download.
 *
 * <p>The model hears (80 mels, 16 levels), sees (patches of 40, two stages) and has an {@code interaction_config}; it
 * has no tokenizer, and a head that speaks only where that is asked for. The same request and seed give the same bytes
 * on every machine.
 */
public final class RandomModel {
    /** Bytes drawn before they are written. */
    private static final long CHUNK = 1 << 20;

    /**
     * One tensor of the model that was written.
     *
     * @param name full name
     * @param shape dimensions, outermost first
     * @param dtype element type
     * @param bytes its bytes
     */
    public record Row(String name, List<Long> shape, DType dtype, long bytes) {}

    /**
     * What was written.
     *
     * @param directory the model directory
     * @param rows its tensors, in the order of the file
     * @param parameters elements of all tensors: embeddings, encoders, norms and convolutions included, every expert
     *     counted whether or not it runs
     * @param bytes their bytes
     */
    public record Summary(Path directory, List<Row> rows, long parameters, long bytes) {}

    private RandomModel() {}

    /**
     * Reads a parameter count such as {@code 25M}, {@code 1.5B}, {@code 800k} or {@code 25000000}.
     *
     * @throws InvalidModelException if it is none
     */
    public static long parameterCount(final String text) {
        final String trimmed = text.trim().toUpperCase(Locale.ROOT);
        final int last = trimmed.length() - 1;
        final double unit =
                switch (last < 0 ? ' ' : trimmed.charAt(last)) {
                    case 'K' -> 1e3;
                    case 'M' -> 1e6;
                    case 'B' -> 1e9;
                    default -> 1;
                };
        final String digits = unit == 1 ? trimmed : trimmed.substring(0, last);
        if (!digits.matches("[0-9]{1,12}(\\.[0-9]{1,6})?")) {
            throw new InvalidModelException(
                    "parameters: found \"" + text + "\", allowed a number with K, M or B behind it, as 25M");
        }
        return Math.round(Double.parseDouble(digits) * unit);
    }

    /**
     * Writes a model that does not speak: {@link #write(Path, long, long, boolean, boolean)}.
     *
     * @throws InvalidModelException if the request cannot be met
     * @throws IOException if a file cannot be written
     */
    public static Summary write(final Path directory, final long parameters, final long seed, final boolean experts)
            throws IOException {
        return write(directory, parameters, seed, experts, false);
    }

    /**
     * Writes a model of about {@code parameters} into {@code directory}, which appears complete or not at all.
     *
     * @param directory must not exist, or be empty
     * @param parameters 1 million to 2 billion, met within 8 percent
     * @param seed of all weights
     * @param experts whether all but the first two layers are mixtures of 8 experts
     * @param voice whether it has a head that speaks
     * @throws InvalidModelException if the request cannot be met
     * @throws IOException if a file cannot be written
     */
    public static Summary write(
            final Path directory, final long parameters, final long seed, final boolean experts, final boolean voice)
            throws IOException {
        final RandomShape shape = RandomShape.of(parameters, experts, voice);
        requireFree(directory);
        final Path target = directory.toAbsolutePath().normalize();
        Files.createDirectories(target.getParent());
        final Path partial = target.resolveSibling("." + target.getFileName() + ".partial-"
                + ProcessHandle.current().pid());
        deleteTree(partial);
        boolean complete = false;
        try {
            Files.createDirectory(partial);
            final byte[] json = StrictJson.writeIndented(shape.config());
            Files.write(partial.resolve(ModelConfig.FILE_NAME), json);
            final ModelConfig config = ModelConfig.parse(json, ModelConfig.FILE_NAME);
            final List<TensorSpec> specs = ModelTensors.expected(config, true, true, voice);
            writeWeights(partial.resolve(Checkpoint.SINGLE_FILE), config, specs, seed);
            Files.deleteIfExists(target);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            complete = true;
            return summary(directory, specs);
        } finally {
            if (!complete) {
                deleteTree(partial);
            }
        }
    }

    private static void writeWeights(
            final Path file, final ModelConfig config, final List<TensorSpec> specs, final long seed)
            throws IOException {
        final List<SafetensorsWriter.Declared> declared = specs.stream()
                .map(spec -> new SafetensorsWriter.Declared(spec.name(), RandomWeights.dtype(spec), spec.shape()))
                .toList();
        final RandomWeights weights = new RandomWeights(config);
        try (Arena arena = Arena.ofConfined();
                SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of("format", "pt"))) {
            final MemorySegment chunk = arena.allocate(CHUNK, 64);
            for (int i = 0; i < specs.size(); i++) {
                writeTensor(writer, weights, specs.get(i), declared.get(i), NormalStream.ofTensor(seed, i), chunk);
            }
            writer.commit();
        }
    }

    private static void writeTensor(
            final SafetensorsWriter writer,
            final RandomWeights weights,
            final TensorSpec spec,
            final SafetensorsWriter.Declared declared,
            final NormalStream random,
            final MemorySegment chunk)
            throws IOException {
        for (long from = 0; from < declared.bytes(); from += CHUNK) {
            final MemorySegment part = chunk.asSlice(0, Math.min(CHUNK, declared.bytes() - from));
            weights.fill(spec, from / declared.dtype().bytes(), random.key(), random, part);
            writer.write(spec.name(), part);
        }
    }

    private static Summary summary(final Path directory, final List<TensorSpec> specs) {
        final List<Row> rows = new ArrayList<>();
        long parameters = 0;
        long bytes = 0;
        for (final TensorSpec spec : specs) {
            final DType dtype = RandomWeights.dtype(spec);
            final List<Long> shape = new ArrayList<>();
            for (final long dimension : spec.shape()) {
                shape.add(dimension);
            }
            rows.add(new Row(spec.name(), List.copyOf(shape), dtype, spec.elements() * dtype.bytes()));
            parameters += spec.elements();
            bytes += spec.elements() * dtype.bytes();
        }
        return new Summary(directory, List.copyOf(rows), parameters, bytes);
    }

    private static void requireFree(final Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        boolean empty = Files.isDirectory(directory);
        if (empty) {
            try (Stream<Path> entries = Files.list(directory)) {
                empty = entries.findAny().isEmpty();
            }
        }
        if (!empty) {
            throw new InvalidModelException(
                    directory + ": exists already; a model is written into a new or an empty directory");
        }
    }

    private static void deleteTree(final Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        final List<Path> paths;
        try (Stream<Path> walk = Files.walk(directory)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (final Path path : paths) {
            Files.deleteIfExists(path);
        }
    }
}
