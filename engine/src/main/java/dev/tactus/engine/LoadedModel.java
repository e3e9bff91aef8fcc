package dev.tactus.engine;

import dev.tactus.engine.adapter.LoraBase;
import dev.tactus.engine.audio.DmelTables;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.InklingWeights;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ProgramTables;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.video.PixelTable;
import dev.tactus.kernel.vocoder.VocoderTables;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
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

    private LoadedModel(
            final ModelConfig config,
            final Checkpoint checkpoint,
            final ProgramTables given,
            final MemoryLedger ledger) {
        this.directory = checkpoint.directory();
        this.config = config;
        this.checkpoint = checkpoint;
        this.arena = new FreezableArena(ledger);
        try {
            this.weights = InklingWeights.load(config, checkpoint, arena);
            this.tables = given != null ? given : makeTables();
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
        final ModelConfig config = ModelConfig.read(directory);
        return new LoadedModel(config, Checkpoint.open(directory, ledger), null, ledger);
    }

    /**
     * A model whose tensors are open already: float32 and bfloat16 matrices are read where they lie, small tensors are
     * copied as they are now. Nothing may change while the model is used; whoever changes weights closes it and makes
     * another one.
     *
     * @param checkpoint closed with the model
     * @param tables constants of the same audio configuration, which stay their owner's
     * @throws dev.tactus.engine.model.InvalidModelException naming a tensor that is missing, misshapen or not finite
     */
    public static LoadedModel of(
            final ModelConfig config,
            final Checkpoint checkpoint,
            final ProgramTables tables,
            final MemoryLedger ledger) {
        return new LoadedModel(config, checkpoint, Objects.requireNonNull(tables, "tables"), ledger);
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
                pixels.address(),
                new VocoderTables(arena).address());
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

    /** What adapters of it name as their base. Reads the first bytes of every tensor. */
    public LoraBase loraBase() {
        final Path name = directory.toAbsolutePath().normalize().getFileName();
        return LoraBase.of(
                name == null ? "model" : name.toString(),
                checkpoint,
                weights.tensors().expected());
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
