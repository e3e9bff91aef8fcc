package dev.tactus.engine.model;

import dev.tactus.memory.MemoryLedger;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The weights of a model directory: one {@code model.safetensors}, or {@code model.safetensors.index.json} and the
 * shards it names; where both stand, the single file is read.
 *
 * <p>All files are mapped read-only and stay mapped until {@link #close()}. Thread-safe once opened. A checkpoint can
 * also be {@linkplain #inMemory made} of tensors that lie elsewhere.
 */
public final class Checkpoint implements AutoCloseable {
    /** The single file. */
    public static final String SINGLE_FILE = "model.safetensors";

    /** The list of which tensor lies in which shard. */
    public static final String INDEX_FILE = "model.safetensors.index.json";

    private static final long LARGEST_INDEX = 64L << 20;
    private static final int MOST_SHARDS = 4096;
    private static final int MOST_TENSORS = 1 << 20;

    private final Path directory;
    private final List<SafetensorsFile> files = new ArrayList<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private Checkpoint(final Path directory) {
        this.directory = directory;
    }

    /**
     * Opens the weights in {@code directory}.
     *
     * @param ledger told of the mapped bytes
     * @throws InvalidModelException naming the file and what is wrong with it; nothing stays open
     */
    public static Checkpoint open(final Path directory, final MemoryLedger ledger) {
        if (!Files.isDirectory(directory)) {
            throw new InvalidModelException(
                    directory + ": no such directory; a model is a directory with config.json and " + SINGLE_FILE);
        }
        final Checkpoint checkpoint = new Checkpoint(directory);
        boolean opened = false;
        try {
            if (Files.exists(directory.resolve(SINGLE_FILE))) {
                checkpoint.openSingle(ledger);
            } else if (Files.exists(directory.resolve(INDEX_FILE))) {
                checkpoint.openShards(ledger);
            } else {
                throw new InvalidModelException(
                        directory + ": no weights; expected " + SINGLE_FILE + " or " + INDEX_FILE);
            }
            opened = true;
            return checkpoint;
        } finally {
            if (!opened) {
                checkpoint.close();
            }
        }
    }

    /**
     * Tensors that lie in memory already, as a checkpoint: nothing is mapped, and the memory stays its owner's.
     *
     * @param directory what errors name
     * @param tensors valid for as long as the checkpoint is used
     */
    public static Checkpoint inMemory(final Path directory, final List<Tensor> tensors) {
        final Checkpoint checkpoint = new Checkpoint(directory);
        tensors.forEach(tensor -> checkpoint.tensors.put(tensor.name(), tensor));
        return checkpoint;
    }

    /** The model directory. */
    public Path directory() {
        return directory;
    }

    /** The mapped files. */
    public List<SafetensorsFile> files() {
        return Collections.unmodifiableList(files);
    }

    /** Mapped bytes over all files. */
    public long bytes() {
        return files.stream().mapToLong(SafetensorsFile::bytes).sum();
    }

    /** The names of all tensors. */
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    /** Whether there is a tensor of that name. */
    public boolean contains(final String name) {
        return tensors.containsKey(name);
    }

    /**
     * The tensor of that name.
     *
     * @throws InvalidModelException if there is none
     */
    public Tensor tensor(final String name) {
        final Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidModelException(directory + ": tensor " + name + ": missing");
        }
        return tensor;
    }

    /** Unmaps all files, in reverse order, and goes on where one fails. Calling it again does nothing. */
    @Override
    public void close() {
        RuntimeException failure = null;
        for (int i = files.size() - 1; i >= 0; i--) {
            try {
                files.get(i).close();
            } catch (final RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void openSingle(final MemoryLedger ledger) {
        final SafetensorsFile file = SafetensorsFile.open(directory.resolve(SINGLE_FILE), ledger);
        files.add(file);
        file.names().forEach(name -> tensors.put(name, file.tensor(name)));
    }

    private void openShards(final MemoryLedger ledger) {
        final Path index = directory.resolve(INDEX_FILE);
        final Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        for (final Map.Entry<String, String> entry : readWeightMap(index).entrySet()) {
            final String where = "weight_map: tensor " + entry.getKey();
            final String shardName = checkedShardName(index, where, entry.getValue());
            SafetensorsFile shard = shards.get(shardName);
            if (shard == null) {
                final Path path = directory.resolve(shardName);
                if (!Files.isRegularFile(path)) {
                    throw InvalidModelException.of(
                            index, where, shardName + ", which does not exist", "a file beside the index");
                }
                if (shards.size() == MOST_SHARDS) {
                    throw InvalidModelException.of(index, where, "another shard", "at most " + MOST_SHARDS);
                }
                shard = SafetensorsFile.open(path, ledger);
                files.add(shard);
                shards.put(shardName, shard);
            }
            if (!shard.contains(entry.getKey())) {
                throw InvalidModelException.of(
                        index, where, shardName + ", which has no such tensor", "the shard that holds it");
            }
            tensors.put(entry.getKey(), shard.tensor(entry.getKey()));
        }
    }

    /** A shard is a plain file name: an index must not make us read files elsewhere. */
    private static String checkedShardName(final Path index, final String where, final String name) {
        final boolean plain = !name.isEmpty()
                && !name.equals(".")
                && !name.equals("..")
                && name.length() <= 255
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
        if (!plain) {
            throw InvalidModelException.of(index, where, "\"" + name + "\"", "the name of a file beside the index");
        }
        return name;
    }

    private static Map<String, String> readWeightMap(final Path index) {
        try {
            final long size = Files.size(index);
            if (size > LARGEST_INDEX) {
                throw InvalidModelException.of(index, "size", size + " bytes", "at most " + LARGEST_INDEX);
            }
            try (InputStream in = new BufferedInputStream(Files.newInputStream(index));
                    JsonParser json = StrictJson.parser(in)) {
                return readWeightMap(index, json);
            }
        } catch (final JacksonException e) {
            throw StrictJson.invalid(index, e);
        } catch (final IOException e) {
            throw new InvalidModelException(index + ": cannot be read: " + e, e);
        }
    }

    private static Map<String, String> readWeightMap(final Path index, final JsonParser json) {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw InvalidModelException.of(index, "index", json.currentToken(), "a JSON object");
        }
        Map<String, String> weightMap = null;
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            json.nextToken();
            if (!key.equals("weight_map")) {
                json.skipChildren();
                continue;
            }
            if (json.currentToken() != JsonToken.START_OBJECT) {
                throw InvalidModelException.of(index, key, json.currentToken(), "an object of tensor: file");
            }
            weightMap = new LinkedHashMap<>();
            for (String name = json.nextName(); name != null; name = json.nextName()) {
                if (json.nextToken() != JsonToken.VALUE_STRING) {
                    throw InvalidModelException.of(
                            index, "weight_map: tensor " + name, json.currentToken(), "a file name");
                }
                if (weightMap.size() == MOST_TENSORS) {
                    throw InvalidModelException.of(index, "weight_map", "another tensor", "at most " + MOST_TENSORS);
                }
                weightMap.put(name, json.getString());
            }
        }
        if (json.nextToken() != null) {
            throw InvalidModelException.of(index, "index", "more after the JSON object", "spaces only");
        }
        if (weightMap == null) {
            throw InvalidModelException.of(index, "weight_map", "nothing", "an object of tensor: file");
        }
        return weightMap;
    }
}
