package dev.tactus.engine.tuning;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.Tensor;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/** A golden checkpoint with its inputs, for training. */
final class GoldenExample implements AutoCloseable {
    final Path directory;
    final ModelConfig config;
    final Checkpoint checkpoint;
    final TeacherForcing.Sequence sequence;
    private final SafetensorsFile inputs;

    GoldenExample(final String name, final MemoryLedger ledger) {
        directory = directory(name);
        config = ModelConfig.read(directory);
        checkpoint = Checkpoint.open(directory, ledger);
        inputs = SafetensorsFile.open(directory.resolve("inputs.safetensors"), ledger);
        sequence = sequence();
    }

    private static Path directory(final String name) {
        try {
            return Path.of(GoldenExample.class.getResource("/golden/" + name).toURI());
        } catch (final URISyntaxException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private TeacherForcing.Sequence sequence() {
        final Tensor ids = inputs.tensor("input_ids");
        final int[] values = new int[(int) ids.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = OffHeap.getInt(ids.address() + i * (long) Integer.BYTES);
        }
        final Tensor bins = inputs.tensor("audio_bins");
        final Tensor pixels = inputs.tensor("pixels");
        return new TeacherForcing.Sequence(
                values, bins.address(), (int) bins.shape()[0], pixels.address(), (int) pixels.shape()[0]);
    }

    @Override
    public void close() {
        CloseHelper.closeAll(inputs, checkpoint);
    }
}
