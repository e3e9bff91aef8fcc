package dev.tactus.bench.gpu;

import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.FlowLaunches;
import dev.tactus.kernel.cuda.FlowWeights;
import dev.tactus.kernel.cuda.GenerateField;
import dev.tactus.kernel.cuda.GenerateLaunches;
import dev.tactus.kernel.cuda.SampleLaunches;
import dev.tactus.kernel.cuda.VocoderLaunches;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.kernel.vocoder.VocoderTables;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The ends of a pass, for sessions that all draw a token, or all speak. */
final class HeadCases {
    private static final int MOST_OUTPUTS = 13;
    private static final int MASKS = 36;
    private static final int COUNTS = 16;
    private static final int TOP_K = 50;
    private static final float TOP_P = 0.95f;

    // counts of a pass's header, as pass.cuh has them
    private static final int OUTPUT_ROWS = 2;
    private static final int VOICE_ROWS = 6;
    private static final int JOBS = 7;
    private static final int ENTRIES = 8;
    private static final int SAMPLING = 9;

    private final GpuDevice device;
    private final GpuSizes sizes;
    private final int sessions;
    private final Map<GenerateField, Long> fields = new EnumMap<>(GenerateField.class);
    private final GenerateLaunches generate;

    HeadCases(final GpuDevice device, final GpuSizes sizes, final int sessions) {
        this.device = device;
        this.sizes = sizes;
        this.sessions = sessions;
        this.generate = new GenerateLaunches(device.kernels(), fields());
    }

    List<GpuCase> all() {
        return List.of(sample(), flow(), vocoder());
    }

    private long[] fields() {
        final int words = (sizes.vocabulary() + Long.SIZE - 1) / Long.SIZE;
        final long column = (long) sessions * Math.max(Long.BYTES, MOST_OUTPUTS * Integer.BYTES);
        for (final GenerateField field : GenerateField.values()) {
            fields.put(field, number(field, words));
            if (fields.get(field) < 0) {
                fields.put(field, device.zeros(field.name(), column));
            }
        }
        final int[] header = new int[COUNTS];
        header[OUTPUT_ROWS] = sessions;
        header[VOICE_ROWS] = sessions;
        header[JOBS] = sessions;
        header[ENTRIES] = sessions;
        header[SAMPLING] = 1;
        fields.put(GenerateField.HEADER, device.ints("header", header));
        final int[] entries = IntStream.range(0, sessions).toArray();
        final long ordered = device.ints("entries", entries);
        for (final GenerateField field : List.of(
                GenerateField.ENTRY, GenerateField.OUTPUT_ENTRY, GenerateField.VOICE_ENTRY, GenerateField.JOB_ENTRY)) {
            fields.put(field, ordered);
        }
        fields.put(GenerateField.TEMPERATURE, device.floats("temperature", filled(1f)));
        fields.put(GenerateField.TOP_P, device.floats("top p", filled(TOP_P)));
        fields.put(
                GenerateField.TOP_K,
                device.ints(
                        "top k", IntStream.generate(() -> TOP_K).limit(sessions).toArray()));
        fields.put(
                GenerateField.MASKS,
                device.longs(
                        "masks",
                        LongStream.generate(() -> -1L)
                                .limit((long) MASKS * words)
                                .toArray()));
        fields.put(GenerateField.STATE, table("states", (long) Vocoder.STATE_FLOATS * Float.BYTES, false));
        fields.put(GenerateField.VOICE_BLOCK, table("blocks", (long) Vocoder.BLOCK_MELS * Float.BYTES, false));
        fields.put(GenerateField.JOB_BLOCK, table("spoken", (long) Vocoder.BLOCK_MELS * Float.BYTES, true));
        fields.put(GenerateField.JOB_SAMPLES, table("samples", 2L * Vocoder.BLOCK_SAMPLES * Float.BYTES, false));
        final long[] values = new long[GenerateField.values().length];
        fields.forEach((field, value) -> values[field.ordinal()] = value);
        return values;
    }

    /** The value of a field that is a number; -1 of one that is an address. */
    private long number(final GenerateField field, final int words) {
        return switch (field) {
            case MAX_OUTPUTS -> MOST_OUTPUTS;
            case VOCABULARY -> sizes.vocabulary();
            case QUIET -> 2;
            case HEAR -> 5;
            case SPEAK -> 3;
            case SAY -> 4;
            case BLOCK -> Vocoder.BLOCK_MELS;
            case MASK_WORDS -> words;
            default -> -1;
        };
    }

    private float[] filled(final float value) {
        final float[] values = new float[sessions];
        Arrays.fill(values, value);
        return values;
    }

    /** Addresses of a piece of memory for every session. */
    private long table(final String name, final long bytes, final boolean random) {
        final long all = random ? device.random(name, sessions * bytes) : device.zeros(name, sessions * bytes);
        return device.longs(
                name + " of sessions",
                LongStream.range(0, sessions).map(s -> all + s * bytes).toArray());
    }

    private GpuCase sample() {
        final long logits = device.random("logits", (long) sessions * sizes.vocabulary() * Float.BYTES);
        final long keys = device.zeros("candidates", SampleLaunches.keyBytes(sizes.vocabulary(), sessions));
        return new GpuCase(
                "sampling",
                sizes.vocabulary() + " ids, top " + TOP_K,
                "",
                sessions,
                (double) sessions * sizes.vocabulary() * Float.BYTES,
                0,
                List.of(GpuCase.Work.of(SampleLaunches.of(generate, logits, keys, sessions))));
    }

    private GpuCase flow() {
        final int width = sizes.flowWidth();
        final FlowShape shape =
                new FlowShape(sizes.hidden(), Vocoder.BLOCK_MELS, width, sizes.flowLayers(), sizes.flowSteps());
        final long norm = device.random("flow norm", (long) width * Float.BYTES);
        final List<FlowHead.Layer> layers = IntStream.range(0, shape.layers())
                .mapToObj(i -> new FlowHead.Layer(norm, matrix(width, width), matrix(width, width)))
                .toList();
        final FlowWeights weights = new FlowWeights(
                device.random("flow times", (long) shape.steps() * width * Float.BYTES),
                matrix(width, shape.block()),
                matrix(width, shape.hidden()),
                matrix(shape.block(), width),
                norm,
                layers);
        final FlowLaunches.Buffers buffers = new FlowLaunches.Buffers(
                device.random("conditions", (long) sessions * shape.hidden() * Float.BYTES),
                device.zeros("noise", (long) sessions * shape.block() * Float.BYTES),
                device.zeros("flow scratch", FlowLaunches.scratchBytes(shape, sessions)));
        final double step = 2.0 * (2.0 * width * shape.block() + 2.0 * shape.layers() * width * width);
        return new GpuCase(
                "flow head",
                width + " wide, " + shape.layers() + " layers, " + shape.steps() + " steps",
                "",
                sessions,
                shape.steps() * step + 2.0 * width * shape.hidden(),
                0,
                List.of(GpuCase.Work.of(FlowLaunches.of(generate, shape, weights, buffers, sessions))));
    }

    private FlowHead.Weight matrix(final int outputs, final int inputs) {
        return new FlowHead.Weight(WeightType.BF16, device.random("flow weights", 2L * outputs * inputs));
    }

    private GpuCase vocoder() {
        final long tables;
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final long host = new VocoderTables(arena).address();
            tables = device.upload("vocoder tables", OffHeap.ALL.asSlice(host, VocoderTables.BYTES));
        }
        final float[] mean = new float[Vocoder.MELS];
        Arrays.fill(mean, -4f);
        final float[] deviation = new float[Vocoder.MELS];
        Arrays.fill(deviation, 1f);
        final GpuCase.Work work = GpuCase.Work.of(List.of(VocoderLaunches.of(
                generate,
                tables,
                device.floats("mel means", mean),
                device.floats("mel deviations", deviation),
                0,
                sessions)));
        final double session = 2.0 * Vocoder.STATE_FLOATS + Vocoder.BLOCK_MELS + Vocoder.BLOCK_SAMPLES;
        return new GpuCase("vocoder", "50 ms", "", sessions, session * Float.BYTES * sessions, 0, List.of(work));
    }
}
