package dev.tactus.engine;

import dev.tactus.engine.audio.DmelTables;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.InklingWeights;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ProgramTables;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.video.PixelTable;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.nio.file.Path;
import java.util.List;
import org.agrona.CloseHelper;

/**
 * A checkpoint in memory: matrices mapped in place, small tensors and constant tables beside them. Immutable once open;
 * any number of engines may share it; whoever opened it closes it after them.
 */
public final class LoadedModel implements AutoCloseable {
    private final Path directory;
    private final ModelConfig config;
    private final Checkpoint checkpoint;
    private final FreezableArena arena;
    private final InklingWeights weights;
    private final ProgramTables tables;

    private LoadedModel(final Path directory, final MemoryLedger ledger) {
        this.directory = directory;
        this.config = ModelConfig.read(directory);
        this.checkpoint = Checkpoint.open(directory, ledger);
        this.arena = new FreezableArena(ledger);
        try {
            this.weights = InklingWeights.load(config, checkpoint, arena);
            this.tables = makeTables();
            arena.freeze();
        } catch (final RuntimeException | Error ex) {
            close();
            throw ex;
        }
    }

    /**
     * Opens the model in {@code directory}.
     *
     * @throws dev.tactus.engine.model.InvalidModelException naming file, field or tensor, what was found and what is
     *     allowed
     */
    public static LoadedModel open(final Path directory, final MemoryLedger ledger) {
        return new LoadedModel(directory, ledger);
    }

    private ProgramTables makeTables() {
        final DmelTables mel =
                new DmelTables(arena, config.audio().mels(), config.audio().levels());
        final PixelTable pixels = new PixelTable(arena);
        return new ProgramTables(
                mel.hann(),
                mel.cos(),
                mel.sin(),
                mel.filters(),
                mel.thresholds(),
                mel.thresholdCount(),
                pixels.address());
    }

    /** Where it was opened. */
    public Path directory() {
        return directory;
    }

    /** The tensor files, mapped until {@link #close()}. */
    public List<SafetensorsFile> files() {
        return checkpoint.files();
    }

    /** Its configuration. */
    public ModelConfig config() {
        return config;
    }

    /** Its weights, valid until {@link #close()}. */
    public InklingWeights weights() {
        return weights;
    }

    /** Its constant tables, valid until {@link #close()}. */
    public ProgramTables tables() {
        return tables;
    }

    /** Unmaps the files and frees the tables. */
    @Override
    public void close() {
        CloseHelper.closeAll(arena, checkpoint);
    }
}
