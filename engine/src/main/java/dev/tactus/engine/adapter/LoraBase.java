package dev.tactus.engine.adapter;

import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The model an adapter is for.
 *
 * @param name what {@code base_model_name_or_path} says; for people
 * @param fingerprint tells two bases of the same shape apart
 * @param tensors the tensors of the base
 */
public record LoraBase(String name, String fingerprint, List<TensorSpec> tensors) {
    /** Bytes looked at per tensor: enough to tell trainings apart, little enough for a model of any size. */
    private static final long SAMPLE = 4096;

    /** Makes the list unmodifiable. */
    public LoraBase {
        tensors = List.copyOf(tensors);
    }

    /**
     * The base in a checkpoint. The fingerprint is SHA-256 over the transformer's configuration as it was understood,
     * and over name, type, shape and the first 4096 bytes of each of {@code tensors}: the same weights under another
     * epsilon or window are another model.
     *
     * @param checkpoint open, with all of {@code tensors}, its {@code config.json} beside it
     */
    public static LoraBase of(final String name, final Checkpoint checkpoint, final List<TensorSpec> tensors) {
        final MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing: every Java platform must have it", e);
        }
        final String config = ModelConfig.read(checkpoint.directory()).text() + "\n";
        digest.update(config.getBytes(StandardCharsets.UTF_8));
        for (final TensorSpec spec : tensors) {
            final Tensor tensor = checkpoint.tensor(spec.name());
            final String line = spec.name() + ' ' + tensor.dtype() + ' ' + Arrays.toString(tensor.shape()) + '\n';
            digest.update(line.getBytes(StandardCharsets.UTF_8));
            final MemorySegment data = tensor.data();
            digest.update(data.asSlice(0, Math.min(SAMPLE, data.byteSize())).asByteBuffer());
        }
        return new LoraBase(name, HexFormat.of().formatHex(digest.digest(), 0, 16), tensors);
    }
}
