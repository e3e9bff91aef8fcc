package dev.tactus.engine.tuning;

import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * A file from which training resumes bit for bit: float32 tensors and a {@link TrainingState}.
 *
 * <pre>
 *   safetensors header   __metadata__: format, version, state (JSON)
 *   tensors              in the order they were given
 *   tactus.crc32c        I32 [1 + tensors]: checksum of the state, then of each tensor
 * </pre>
 *
 * A checkpoint appears under its name complete and on disk, or not at all: it is written beside the old one and then
 * takes its name in one step, so a full disk or a killed process leaves the old one as it was. An open checkpoint is a
 * mapping of the file; its owner closes it. Any thread may read it.
 */
public final class TrainingCheckpoint implements AutoCloseable {
    private static final String FORMAT = "tactus-training-checkpoint";
    private static final String VERSION = "1";
    private static final String CHECKSUMS = "tactus.crc32c";
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Bytes handed to a checksum at once: a segment shows itself as a buffer of at most 2 GiB. */
    private static final long PIECE = 1L << 28;

    private final SafetensorsFile file;
    private final TrainingState state;
    private final List<String> names;

    private TrainingCheckpoint(final SafetensorsFile file) {
        this.file = file;
        requireOurs();
        final String json = file.metadata().getOrDefault("state", "");
        this.names =
                file.names().stream().filter(name -> !name.equals(CHECKSUMS)).toList();
        checkSums(json);
        this.state = TrainingState.fromJson(file.path() + ": state", json);
    }

    /**
     * Writes a checkpoint. One process writes a name at a time: what earlier, killed ones left half written beside it
     * is removed.
     *
     * @param path its name, in a folder that exists; replaced if it exists
     * @param tensors what it keeps; not written to by others meanwhile
     * @throws TrainingException in one line when it cannot be written; what stood under the name is then untouched
     */
    public static void save(final Path path, final TrainingState state, final List<StateTensor> tensors) {
        final String json = state.toJson();
        if (json.length() > BoundedJson.LONGEST) {
            throw new TrainingException(path + ": the state has " + json.length() + " characters as JSON: expected at "
                    + "most " + BoundedJson.LONGEST);
        }
        final Path folder = path.toAbsolutePath().getParent();
        try {
            removeLeftovers(folder, path.getFileName().toString());
            write(path, json, tensors);
        } catch (final IOException e) {
            throw new TrainingException(
                    path + ": checkpoint not written: " + reason(e) + "; what stood there before is as it was", e);
        }
        try {
            makeDurable(folder);
        } catch (final IOException e) {
            throw new TrainingException(
                    path + ": checkpoint written, but its name may not survive a power failure: " + reason(e), e);
        }
    }

    /**
     * Opens and checks a checkpoint, all of it.
     *
     * @param ledger told of the mapped bytes until it is closed
     * @throws InvalidModelException in one line if it is not a whole and undamaged checkpoint
     */
    public static TrainingCheckpoint open(final Path path, final MemoryLedger ledger) {
        final SafetensorsFile file = SafetensorsFile.open(path, ledger);
        boolean opened = false;
        try {
            final TrainingCheckpoint checkpoint = new TrainingCheckpoint(file);
            opened = true;
            return checkpoint;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    /** Counters, seeds and hyper-parameters. */
    public TrainingState state() {
        return state;
    }

    /** The names of the tensors, in the order they were written. */
    public List<String> names() {
        return names;
    }

    /** The dimensions of a tensor, which must be there. */
    public long[] shape(final String name) {
        return file.tensor(name).shape();
    }

    /**
     * Fills {@code targets} with the tensors of the same names.
     *
     * @param targets all tensors of the checkpoint, in any order
     * @throws InvalidModelException in one line if one is missing, too many or of another shape: nothing is filled then
     */
    public void restore(final List<StateTensor> targets) {
        final Set<String> left = new HashSet<>(names);
        for (final StateTensor target : targets) {
            if (!left.remove(target.name())) {
                throw BoundedJson.refusal(file.path(), "tensor " + target.name(), "nothing", "a tensor of that name");
            }
            final Tensor tensor = file.tensor(target.name());
            if (!tensor.hasShape(target.shape())) {
                throw BoundedJson.refusal(
                        file.path(),
                        "tensor " + target.name(),
                        Arrays.toString(tensor.shape()),
                        Arrays.toString(target.shape()));
            }
        }
        if (!left.isEmpty()) {
            throw BoundedJson.refusal(
                    file.path(),
                    "tensor " + left.stream().sorted().findFirst().orElseThrow(),
                    "a tensor that this run " + "does not have, one of " + left.size(),
                    "those of the run");
        }
        for (final StateTensor target : targets) {
            MemorySegment.copy(file.tensor(target.name()).data(), 0, target.segment(), 0, target.bytes());
        }
    }

    /**
     * Refuses numbers that training cannot go on from.
     *
     * @param which tensors, by name
     * @throws InvalidModelException in one line naming the first element that is NaN or infinite
     */
    void requireFinite(final Predicate<String> which) {
        for (final String name : names) {
            if (which.test(name)) {
                requireFinite(name, file.tensor(name).data());
            }
        }
    }

    private void requireFinite(final String name, final MemorySegment data) {
        for (long i = 0; i < data.byteSize() / Float.BYTES; i++) {
            final float value = data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES);
            if (!Float.isFinite(value)) {
                throw BoundedJson.refusal(file.path(), "tensor " + name + ", element " + i, value, "finite numbers");
            }
        }
    }

    /** Unmaps the file. Calling it again does nothing. */
    @Override
    public void close() {
        file.close();
    }

    private void requireOurs() {
        final String format = file.metadata().getOrDefault("format", "nothing");
        if (!format.equals(FORMAT)) {
            throw BoundedJson.refusal(file.path(), "__metadata__ format", format, FORMAT);
        }
        final String version = file.metadata().getOrDefault("version", "nothing");
        if (!version.equals(VERSION)) {
            throw BoundedJson.refusal(file.path(), "__metadata__ version", version, VERSION);
        }
    }

    private void checkSums(final String json) {
        final Tensor sums = file.tensor(CHECKSUMS).require(DType.I32);
        if (!sums.hasShape(1 + names.size())) {
            throw BoundedJson.refusal(
                    file.path(),
                    "tensor " + CHECKSUMS,
                    Arrays.toString(sums.shape()),
                    "[" + (1 + names.size()) + "], one for the state and one per tensor");
        }
        checkSum("state", checksum(json), sums, 0);
        for (int i = 0; i < names.size(); i++) {
            final Tensor tensor = file.tensor(names.get(i)).require(DType.F32);
            checkSum("tensor " + names.get(i), checksum(tensor.data()), sums, 1 + i);
        }
    }

    private void checkSum(final String what, final int found, final Tensor sums, final int index) {
        final int written = sums.data().get(INT, (long) index * Integer.BYTES);
        if (found != written) {
            throw BoundedJson.refusal(
                    file.path(),
                    what,
                    "checksum " + Integer.toHexString(found),
                    Integer.toHexString(written) + ", as it was written: the file is damaged");
        }
    }

    private static void write(final Path path, final String json, final List<StateTensor> tensors) throws IOException {
        final List<SafetensorsWriter.Declared> declared = new ArrayList<>();
        final int[] sums = new int[1 + tensors.size()];
        sums[0] = checksum(json);
        for (final StateTensor tensor : tensors) {
            if (tensor.name().equals(CHECKSUMS)) {
                throw new IllegalArgumentException("tensor " + CHECKSUMS + ": the name is taken by the checksums");
            }
            declared.add(new SafetensorsWriter.Declared(tensor.name(), DType.F32, tensor.shape()));
            sums[declared.size()] = checksum(tensor.segment());
        }
        declared.add(new SafetensorsWriter.Declared(CHECKSUMS, DType.I32, new long[] {sums.length}));
        final Map<String, String> metadata = Map.of("format", FORMAT, "version", VERSION, "state", json);
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, declared, metadata)) {
            for (final StateTensor tensor : tensors) {
                if (tensor.bytes() > 0) {
                    writer.write(tensor.name(), tensor.segment());
                }
            }
            writer.write(CHECKSUMS, littleEndian(sums));
            writer.commit();
        }
    }

    private static MemorySegment littleEndian(final int[] values) {
        final MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Integer.BYTES]);
        for (int i = 0; i < values.length; i++) {
            bytes.set(INT, (long) i * Integer.BYTES, values[i]);
        }
        return bytes;
    }

    private static int checksum(final String text) {
        return checksum(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static int checksum(final MemorySegment bytes) {
        final CRC32C sum = new CRC32C();
        for (long from = 0; from < bytes.byteSize(); from += PIECE) {
            sum.update(bytes.asSlice(from, Math.min(PIECE, bytes.byteSize() - from))
                    .asByteBuffer());
        }
        return (int) sum.getValue();
    }

    private static void removeLeftovers(final Path folder, final String name) throws IOException {
        // as the writer names them: digits only, so that "run" spares what another thread writes for "run-2"
        final Pattern partial = Pattern.compile(Pattern.quote("." + name + '-') + "\\d+\\.partial");
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                folder, found -> partial.matcher(found.getFileName().toString()).matches())) {
            for (final Path leftover : files) {
                Files.deleteIfExists(leftover);
            }
        }
    }

    /** A new name is on disk once its folder is. Only POSIX lets a folder be opened for that. */
    private static void makeDurable(final Path folder) throws IOException {
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static String reason(final IOException e) {
        // the message of a file system exception is the bare path
        return e.getClass() == IOException.class && e.getMessage() != null ? e.getMessage() : e.toString();
    }
}
