package dev.tactus.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Recipes for the tests of {@code tactus train}. */
final class TrainFixture {
    private TrainFixture() {}

    /** A recipe of {@code examples/recipes}, as text. */
    static String committed(final String name) throws IOException {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(folder.resolve(".mvn"))) {
            folder = folder.getParent();
        }
        return Files.readString(folder.resolve("examples/recipes").resolve(name));
    }

    /**
     * The committed recipe of a new model, made tiny: it trains in a second and learns nothing.
     *
     * @param replaced by twos: what stands there, and what shall
     */
    static Path tiny(final Path file, final String... replaced) throws IOException {
        String text = replace(
                committed("call-and-reply.json"),
                "\"steps\": 300",
                "\"steps\": 8",
                "\"hidden_size\": 96",
                "\"hidden_size\": 16",
                "\"dense_intermediate_size\": 256",
                "\"dense_intermediate_size\": 32",
                "\"sequences\": 16",
                "\"sequences\": 2",
                "\"every\": 100, \"keep\"",
                "\"every\": 3, \"keep\"",
                "\"every\": 100,\n",
                "\"every\": 4,\n",
                "\"loss_at_most\": 0.01",
                "\"loss_at_most\": 1000",
                "\"out\": \"../../out/call-and-reply\"",
                "\"out\": \"out\"");
        text = replace(text, replaced);
        return Files.writeString(file, text);
    }

    /** A text with pieces replaced, each of which must be there. */
    static String replace(final String original, final String... replaced) {
        String text = original;
        for (int i = 0; i < replaced.length; i += 2) {
            if (!text.contains(replaced[i])) {
                throw new IllegalArgumentException("not in the recipe: " + replaced[i]);
            }
            text = text.replace(replaced[i], replaced[i + 1]);
        }
        return text;
    }

    /** Names in a folder, sorted. */
    static List<String> names(final Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** Rows of {@code losses.csv} without the column of seconds. */
    static List<String> losses(final Path out) throws IOException {
        return Files.readAllLines(out.resolve("losses.csv")).stream()
                .map(line -> {
                    final String[] cells = line.split(",", -1);
                    cells[6] = "";
                    return String.join(",", cells);
                })
                .toList();
    }
}
