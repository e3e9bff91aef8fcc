package dev.tactus.app;

import dev.tactus.engine.audio.WavWriter;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.memory.MemoryLedger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Models and media for the tests of the commands. */
final class Fixture {
    /** In place of a tensor that is left out. */
    static final Replacement ABSENT = new Replacement(DType.F32, 0, 0);

    private static final String WEIGHTS = "model.safetensors";
    private static final long PARAMETERS = 1_000_000;

    private Fixture() {}

    /** A random model of a million parameters in a new folder of {@code parent}. */
    static Path model(final Path parent) throws IOException {
        return RandomModel.write(parent.resolve("model"), PARAMETERS, 1, false).directory();
    }

    /** The same model, in another folder, with a tokenizer. */
    static Path modelWithTokenizer(final Path model) throws IOException {
        final Path copy = copy(model, model.resolveSibling("telling"));
        Files.copy(resource("tokenizer/tokenizer.json"), copy.resolve("tokenizer.json"));
        return copy;
    }

    /** A copy of a model folder. */
    static Path copy(final Path model, final Path target) throws IOException {
        Files.createDirectories(target);
        for (final String name : new String[] {"config.json", WEIGHTS}) {
            Files.copy(model.resolve(name), target.resolve(name));
        }
        return target;
    }

    /** A golden checkpoint. */
    static Path golden(final String name) {
        return resource("golden/" + name);
    }

    private static Path resource(final String name) {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.isDirectory(folder.resolve(".mvn"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException("no folder with .mvn above the working directory");
        }
        return folder.resolve("engine/src/test/resources").resolve(name);
    }

    /** A file with so many samples of a tone. */
    static Path wav(final Path file, final int samples) throws IOException {
        final float[] tone = new float[samples];
        for (int i = 0; i < samples; i++) {
            tone[i] = 0.3f * (float) Math.sin(i * 0.1);
        }
        try (WavWriter writer = new WavWriter(file)) {
            writer.write(tone, 0, samples);
        }
        return file;
    }

    /** A film of so many grey pictures of 40 × 30 at so many per second. */
    static Path film(final Path file, final int frames, final int rate) throws IOException {
        final ByteArrayOutputStream film = new ByteArrayOutputStream();
        film.write(("YUV4MPEG2 W40 H30 F" + rate + ":1 Cmono\n").getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < frames; i++) {
            film.write("FRAME\n".getBytes(StandardCharsets.US_ASCII));
            final byte[] luma = new byte[40 * 30];
            for (int p = 0; p < luma.length; p++) {
                luma[p] = (byte) (16 + (p * 3 + i * 20) % 200);
            }
            film.write(luma);
        }
        return Files.write(file, film.toByteArray());
    }

    /**
     * A vector that takes a tensor's place.
     *
     * @param dtype a type of four bytes
     * @param width elements; none: the tensor is left out
     * @param value of every element
     */
    record Replacement(DType dtype, int width, float value) {}

    /** Whether a tensor belongs to an encoder of sound or images. */
    static boolean isEncoder(final String tensor) {
        return tensor.startsWith("model.audio.") || tensor.startsWith("model.visual.");
    }

    /** The model in {@code source} with other tensors; null keeps one. */
    static Path rewrite(final Path source, final Path target, final Function<String, Replacement> replaced)
            throws IOException {
        Files.createDirectories(target);
        Files.copy(source.resolve("config.json"), target.resolve("config.json"));
        try (Arena arena = Arena.ofConfined();
                SafetensorsFile from = SafetensorsFile.open(source.resolve(WEIGHTS), new MemoryLedger())) {
            final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
            final List<MemorySegment> bytes = new ArrayList<>();
            for (final String name : from.names()) {
                final Replacement other = replaced.apply(name);
                final Tensor tensor = from.tensor(name);
                if (other == null) {
                    declared.add(new SafetensorsWriter.Declared(name, tensor.dtype(), tensor.shape()));
                    bytes.add(tensor.data());
                } else if (other.width() > 0) {
                    declared.add(new SafetensorsWriter.Declared(name, other.dtype(), new long[] {other.width()}));
                    bytes.add(vector(arena, other));
                }
            }
            try (SafetensorsWriter writer = SafetensorsWriter.create(target.resolve(WEIGHTS), declared, Map.of())) {
                for (int i = 0; i < bytes.size(); i++) {
                    writer.write(declared.get(i).name(), bytes.get(i));
                }
                writer.commit();
            }
        }
        return target;
    }

    private static MemorySegment vector(final Arena arena, final Replacement of) {
        final MemorySegment vector = arena.allocate(of.width() * 4L, 4);
        for (int i = 0; i < of.width(); i++) {
            vector.setAtIndex(ValueLayout.JAVA_FLOAT, i, of.value());
        }
        return vector;
    }
}
