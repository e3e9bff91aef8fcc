package dev.tactus.app.model;

import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.VisionConfig;
import dev.tactus.memory.OffHeap;
import java.util.Arrays;

/** Reads a sequence to be forced: {@code input_ids}, and {@code audio_bins} and {@code pixels} where there are any. */
final class SequenceFile {
    private static final String IDS = "input_ids";
    private static final String BINS = "audio_bins";
    private static final String PIXELS = "pixels";
    private static final int MOST_POSITIONS = 1 << 24;

    private SequenceFile() {}

    /** The sequence in {@code file}, which must stay open as long as it is used: bins and pixels are read in place. */
    static TeacherForcing.Sequence read(final SafetensorsFile file, final LoadedModel model) {
        final int[] ids = ids(file.tensor(IDS));
        int bins = 0;
        if (file.contains(BINS) && file.tensor(BINS).elements() > 0) {
            requireEncoder(file, BINS, model.weights().audio().isPresent(), "model.audio");
            bins = rows(file.tensor(BINS), DType.I32, model.config().audio().mels());
        }
        int patches = 0;
        if (file.contains(PIXELS) && file.tensor(PIXELS).elements() > 0) {
            requireEncoder(file, PIXELS, model.weights().vision().isPresent(), "model.visual");
            final VisionConfig vision = model.config().vision();
            patches = rows(
                    file.tensor(PIXELS),
                    DType.F32,
                    vision.temporal(),
                    vision.patch(),
                    vision.patch(),
                    vision.channels());
            requireFinite(file.tensor(PIXELS));
        }
        return new TeacherForcing.Sequence(
                ids,
                bins == 0 ? 0 : file.tensor(BINS).address(),
                bins,
                patches == 0 ? 0 : file.tensor(PIXELS).address(),
                patches);
    }

    private static void requireEncoder(
            final SafetensorsFile file, final String name, final boolean present, final String tensors) {
        if (!present) {
            throw new InvalidModelException(file.path() + ": tensor " + name + ": the model's checkpoint has no "
                    + tensors + " tensors; leave " + name + " out");
        }
    }

    private static int[] ids(final Tensor tensor) {
        final long[] shape = tensor.shape();
        if (shape.length != 1 || shape[0] < 1 || shape[0] > MOST_POSITIONS) {
            throw invalid(tensor, Arrays.toString(shape), "[T] with T from 1 to " + MOST_POSITIONS);
        }
        if (tensor.dtype() != DType.I32 && tensor.dtype() != DType.I64) {
            throw invalid(tensor, tensor.dtype(), "I32 or I64");
        }
        final int[] ids = new int[(int) shape[0]];
        for (int i = 0; i < ids.length; i++) {
            final long id = tensor.dtype() == DType.I32
                    ? OffHeap.getInt(tensor.address() + i * (long) Integer.BYTES)
                    : OffHeap.getLong(tensor.address() + i * (long) Long.BYTES);
            if (id < 0 || id > Integer.MAX_VALUE) {
                throw invalid(tensor, "element " + i + " = " + id, "ids of the vocabulary");
            }
            ids[i] = (int) id;
        }
        return ids;
    }

    /** The first dimension of a tensor whose others are {@code inner}. */
    private static int rows(final Tensor tensor, final DType dtype, final long... inner) {
        final long[] shape = tensor.shape();
        final boolean fits = shape.length == inner.length + 1
                && shape[0] <= MOST_POSITIONS
                && Arrays.equals(shape, 1, shape.length, inner, 0, inner.length);
        if (!fits) {
            final String allowed = Arrays.toString(inner);
            throw invalid(tensor, Arrays.toString(shape), "[n, " + allowed.substring(1));
        }
        if (tensor.dtype() != dtype) {
            throw invalid(tensor, tensor.dtype(), dtype.name());
        }
        return (int) shape[0];
    }

    private static void requireFinite(final Tensor tensor) {
        for (long i = 0; i < tensor.elements(); i++) {
            final float value = OffHeap.getFloat(tensor.address() + i * Float.BYTES);
            if (!Float.isFinite(value)) {
                throw invalid(tensor, "element " + i + " = " + value, "finite pixels");
            }
        }
    }

    private static InvalidModelException invalid(final Tensor tensor, final Object found, final String allowed) {
        return new InvalidModelException(
                tensor.file() + ": tensor " + tensor.name() + ": found " + found + ", allowed " + allowed);
    }
}
