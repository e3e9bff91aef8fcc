package dev.tactus.engine.model;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The JSON header of a safetensors file: for each tensor its type, its shape and its place behind the header.
 *
 * <p>Read as a stream. What is returned has been checked: sizes agree with shapes, and the tensors cover the data
 * section from its first to its last byte without holes or overlaps, as the format demands.
 */
final class SafetensorsHeader {
    /** The format's own limit on its header. */
    static final long LARGEST_HEADER = 100_000_000;

    /** Most tensors in one file; the largest published model has some 3,000. */
    static final int MOST_TENSORS = 1 << 18;

    /** Most notes in {@code __metadata__}. */
    private static final int MOST_NOTES = 4096;

    /** Most dimensions of one tensor. */
    static final int MOST_DIMENSIONS = 8;

    /** Where a tensor lies: bytes from {@code begin} to {@code end} behind the header. */
    record Entry(String name, DType dtype, long[] shape, long begin, long end) {}

    private final String file;
    private final JsonParser json;
    private final long dataBytes;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsHeader(final String file, final JsonParser json, final long dataBytes) {
        this.file = file;
        this.json = json;
        this.dataBytes = dataBytes;
    }

    /**
     * Parses a header.
     *
     * @param file named in errors
     * @param header the header's bytes and no more
     * @param dataBytes bytes that follow the header in the file
     * @throws InvalidModelException if the header is not one
     */
    static SafetensorsHeader parse(final String file, final InputStream header, final long dataBytes) {
        try (JsonParser json = StrictJson.parser(header)) {
            final SafetensorsHeader parsed = new SafetensorsHeader(file, json, dataBytes);
            parsed.parseObject();
            parsed.checkCover();
            return parsed;
        } catch (final JacksonException e) {
            throw StrictJson.invalid(file + ": header", e);
        }
    }

    /** The tensors in the order of their bytes. */
    List<Entry> entries() {
        return entries;
    }

    /** The free text the writer of the file left in {@code __metadata__}. */
    Map<String, String> metadata() {
        return metadata;
    }

    private void parseObject() {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw InvalidModelException.of(file, "header", json.currentToken(), "a JSON object");
        }
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            if (name.equals("__metadata__")) {
                parseMetadata();
            } else {
                parseTensor(name);
            }
        }
        if (json.nextToken() != null) {
            throw InvalidModelException.of(file, "header", "more after the JSON object", "spaces only");
        }
    }

    private void parseMetadata() {
        expect(JsonToken.START_OBJECT, "__metadata__", "an object of strings");
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            if (metadata.size() == MOST_NOTES) {
                throw InvalidModelException.of(file, "__metadata__", "another entry", "at most " + MOST_NOTES);
            }
            expect(JsonToken.VALUE_STRING, "__metadata__ " + key, "a string");
            metadata.put(key, json.getString());
        }
    }

    private void parseTensor(final String name) {
        final String where = "tensor " + name;
        if (name.isEmpty()) {
            throw InvalidModelException.of(file, "tensor name", "an empty string", "at least one character");
        }
        if (entries.size() == MOST_TENSORS) {
            throw InvalidModelException.of(file, where, "another tensor", "at most " + MOST_TENSORS);
        }
        expect(JsonToken.START_OBJECT, where, "an object with dtype, shape and data_offsets");
        String dtypeName = null;
        long[] shape = null;
        long[] offsets = null;
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            switch (key) {
                case "dtype" -> {
                    expect(JsonToken.VALUE_STRING, where + ": dtype", "a string");
                    dtypeName = json.getString();
                }
                case "shape" -> shape = parseLongs(where + ": shape", MOST_DIMENSIONS);
                case "data_offsets" -> offsets = parseLongs(where + ": data_offsets", 2);
                default -> throw InvalidModelException.of(file, where + ": field", key, "dtype, shape, data_offsets");
            }
        }
        if (dtypeName == null || shape == null || offsets == null) {
            final String missing = dtypeName == null ? "dtype" : shape == null ? "shape" : "data_offsets";
            throw InvalidModelException.of(file, where, "no " + missing, "dtype, shape and data_offsets together");
        }
        entries.add(checkedEntry(name, dtypeName, shape, offsets));
    }

    private Entry checkedEntry(final String name, final String dtypeName, final long[] shape, final long[] offsets) {
        final String where = "tensor " + name;
        final DType dtype = DType.named(dtypeName)
                .orElseThrow(() -> InvalidModelException.of(file, where + ": dtype", dtypeName, DType.names()));
        if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes) {
            throw InvalidModelException.of(
                    file,
                    where + ": data_offsets",
                    Arrays.toString(offsets),
                    "[begin, end] with 0 <= begin <= end <= " + dataBytes + ", the bytes behind the header");
        }
        final long bytes = byteSize(where, dtype, shape);
        if (offsets[1] - offsets[0] != bytes) {
            throw InvalidModelException.of(
                    file,
                    where + ": data_offsets",
                    Arrays.toString(offsets) + ", " + (offsets[1] - offsets[0]) + " bytes",
                    bytes + " bytes for " + dtype + " " + Arrays.toString(shape));
        }
        return new Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private long byteSize(final String where, final DType dtype, final long[] shape) {
        long bytes = dtype.bytes();
        try {
            for (final long dimension : shape) {
                bytes = Math.multiplyExact(bytes, dimension);
            }
        } catch (final ArithmeticException e) {
            throw InvalidModelException.of(
                    file, where + ": shape", Arrays.toString(shape), "fewer than 2^63 bytes of " + dtype);
        }
        return bytes;
    }

    private long[] parseLongs(final String where, final int most) {
        expect(JsonToken.START_ARRAY, where, "an array of integers");
        final long[] values = new long[most];
        int count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (count == most) {
                throw InvalidModelException.of(file, where, "more than " + most + " numbers", "at most " + most);
            }
            if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                    || json.getLongValue() < 0) {
                throw InvalidModelException.of(
                        file, where, json.currentToken() + " " + json.getString(), "integers from 0 to 2^63 - 1");
            }
            values[count++] = json.getLongValue();
        }
        return Arrays.copyOf(values, count);
    }

    private void expect(final JsonToken token, final String where, final String allowed) {
        if (json.nextToken() != token) {
            throw InvalidModelException.of(file, where, json.currentToken(), allowed);
        }
    }

    private void checkCover() {
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long covered = 0;
        for (final Entry entry : entries) {
            if (entry.begin() != covered) {
                throw InvalidModelException.of(
                        file,
                        "tensor " + entry.name() + ": data_offsets",
                        "begin " + entry.begin() + (entry.begin() < covered ? ", an overlap" : ", a hole"),
                        covered + ", where the tensor before it ends");
            }
            covered = entry.end();
        }
        if (covered != dataBytes) {
            throw InvalidModelException.of(
                    file, "data", dataBytes + " bytes behind the header", covered + ", where the last tensor ends");
        }
    }
}
