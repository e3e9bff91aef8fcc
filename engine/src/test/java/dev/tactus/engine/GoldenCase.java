package dev.tactus.engine;

import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.Tensor;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/** A checkpoint with inputs and the logits that the reference implementation gives for them. */
final class GoldenCase implements AutoCloseable {
    static final String[] NAMES = {"text-dense", "multimodal-moe", "long-context", "patch40"};

    final LoadedModel model;
    final TeacherForcing.Sequence sequence;
    final int positions;
    final int vocabulary;
    private final SafetensorsFile inputs;
    private final SafetensorsFile expected;
    private final Tensor logits;

    GoldenCase(final String name, final MemoryLedger ledger) {
        final Path directory = directory(name);
        model = LoadedModel.open(directory, ledger);
        inputs = SafetensorsFile.open(directory.resolve("inputs.safetensors"), ledger);
        expected = SafetensorsFile.open(directory.resolve("expected.safetensors"), ledger);
        logits = expected.tensor("logits");
        positions = (int) logits.shape()[0];
        vocabulary = (int) logits.shape()[1];
        sequence = sequence();
    }

    static Path directory(final String name) {
        try {
            return Path.of(GoldenCase.class.getResource("/golden/" + name).toURI());
        } catch (final URISyntaxException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private TeacherForcing.Sequence sequence() {
        final Tensor ids = inputs.tensor("input_ids");
        final int[] values = new int[positions];
        for (int i = 0; i < positions; i++) {
            values[i] = OffHeap.getInt(ids.data().address() + i * (long) Integer.BYTES);
        }
        final Tensor bins = inputs.tensor("audio_bins");
        final Tensor pixels = inputs.tensor("pixels");
        return new TeacherForcing.Sequence(
                values,
                bins.data().address(),
                (int) bins.shape()[0],
                pixels.data().address(),
                (int) pixels.shape()[0]);
    }

    /** The expected logit of a position and id. */
    float expected(final int position, final int id) {
        return OffHeap.getFloat(logits.data().address() + ((long) position * vocabulary + id) * Float.BYTES);
    }

    @Override
    public void close() {
        CloseHelper.closeAll(expected, inputs, model);
    }
}
