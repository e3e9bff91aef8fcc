package dev.tactus.bench;

import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The model of a bench: one that is there, or a random one in a temporary folder that goes with it. */
public final class BenchModel implements AutoCloseable {
    private static final long SEED = 1;

    private final Path temporary;
    private final Path directory;
    private final Thread atExit = new Thread(this::delete);
    private LoadedModel loaded;

    private BenchModel(final Path temporary, final Path directory) {
        this.temporary = temporary;
        this.directory = directory;
        if (temporary != null) {
            Runtime.getRuntime().addShutdownHook(atExit);
        }
    }

    /** The model in {@code directory}, which stays. */
    public static BenchModel of(final Path directory) {
        return new BenchModel(null, directory);
    }

    /**
     * Writes a random model.
     *
     * @param parameters about how many, from 1 million
     * @throws UncheckedIOException when the temporary folder cannot be written
     */
    public static BenchModel random(final long parameters) {
        try {
            final Path temporary = Files.createTempDirectory("tactus-bench");
            final BenchModel model = new BenchModel(temporary, temporary.resolve("model"));
            RandomModel.write(model.directory, parameters, SEED, false);
            return model;
        } catch (final IOException ex) {
            throw new UncheckedIOException("a random model could not be written: " + ex.getMessage(), ex);
        }
    }

    /** Where it lies. */
    public Path directory() {
        return directory;
    }

    /** Opens it, once; closed with this. */
    public LoadedModel load() {
        if (loaded == null) {
            loaded = LoadedModel.open(directory, new MemoryLedger());
        }
        return loaded;
    }

    /** Its micro-turn, or the default one where it has none. */
    public InteractionConfig interaction() {
        final boolean has = load().config().interaction().isPresent();
        return InteractionConfig.resolve(has ? null : "default", load().config());
    }

    @Override
    public void close() {
        if (loaded != null) {
            loaded.close();
        }
        if (temporary != null) {
            Runtime.getRuntime().removeShutdownHook(atExit);
            delete();
        }
    }

    private void delete() {
        try (Stream<Path> walk = Files.walk(temporary)) {
            final List<Path> paths = walk.sorted(Comparator.reverseOrder()).toList();
            for (final Path path : paths) {
                Files.deleteIfExists(path);
            }
        } catch (final IOException ex) {
            throw new UncheckedIOException("could not delete " + temporary + ": " + ex.getMessage(), ex);
        }
    }
}
