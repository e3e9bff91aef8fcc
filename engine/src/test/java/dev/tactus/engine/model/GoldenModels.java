package dev.tactus.engine.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The golden checkpoints of the test resources, and copies of them with one thing changed. */
final class GoldenModels {
    static final List<String> CASES = List.of("text-dense", "multimodal-moe", "long-context", "patch40");

    /** A tensor to be written: the bytes live in the arena of whoever made it. */
    record Content(DType dtype, long[] shape, MemorySegment data) {}

    private GoldenModels() {}

    /** The directory of a case. */
    static Path path(final String name) {
        try {
            return Path.of(GoldenModels.class.getResource("/golden/" + name).toURI());
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The tensors of {@code checkpoint} in the order of the file, for changing. */
    static Map<String, Content> contents(final Checkpoint checkpoint) {
        final Map<String, Content> contents = new LinkedHashMap<>();
        for (final String name : checkpoint.names()) {
            final Tensor tensor = checkpoint.tensor(name);
            contents.put(name, new Content(tensor.dtype(), tensor.shape(), tensor.data()));
        }
        return contents;
    }

    /** A float32 tensor of {@code values}. */
    static Content floats(final Arena arena, final long[] shape, final float... values) {
        return new Content(DType.F32, shape, arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
    }

    /** Writes {@code contents} as one file. */
    static void write(final Path file, final Map<String, Content> contents) throws IOException {
        final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
        contents.forEach((name, content) ->
                declared.add(new SafetensorsWriter.Declared(name, content.dtype(), content.shape())));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of())) {
            for (final Map.Entry<String, Content> entry : contents.entrySet()) {
                writer.write(entry.getKey(), entry.getValue().data());
            }
            writer.commit();
        }
    }

    /** Writes a model directory of {@code contents} with the config of the case {@code name}. */
    static void writeModel(final Path directory, final String name, final Map<String, Content> contents)
            throws IOException {
        Files.copy(path(name).resolve(ModelConfig.FILE_NAME), directory.resolve(ModelConfig.FILE_NAME));
        write(directory.resolve(Checkpoint.SINGLE_FILE), contents);
    }
}
