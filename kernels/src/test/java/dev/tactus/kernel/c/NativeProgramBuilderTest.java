package dev.tactus.kernel.c;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.kernel.AdapterFactors;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.c.FaultyShapes.Fault;
import dev.tactus.kernel.c.NativeProgramBuilder.Adapted;
import dev.tactus.kernel.c.NativeProgramBuilder.ExpertGroup;
import dev.tactus.kernel.c.NativeProgramBuilder.ExpertNumbers;
import dev.tactus.kernel.c.NativeProgramBuilder.Residual;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No shape that does not fit becomes an op: every argument of every op is spoilt, one at a time. */
class NativeProgramBuilderTest {
    private static final int PASS = 5;
    private static final int OUTPUT = 2;
    private static final int AUDIO = 3;
    private static final int PATCH = 4;
    private static final int SPEECH = 6;
    private static final int VOICE = 7;
    private static final RowSpaces LIMITS = new RowSpaces(PASS, OUTPUT, AUDIO, PATCH, SPEECH, VOICE, 2);
    private static final float EPS = 1e-6f;
    private static final int D = 24;
    private static final int RANK = 11;

    /** What adapters may stand beside, by number. */
    private static final List<AdapterFactors.Module> MODULES = List.of(
            new AdapterFactors.Module("linear", 1, 10, D),
            new AdapterFactors.Module("linear conv", 1, D, 40),
            new AdapterFactors.Module("linear swiglu", 1, 36, D),
            new AdapterFactors.Module("routed up", 8, 36, D),
            new AdapterFactors.Module("shared up", 2, 36, D),
            new AdapterFactors.Module("routed down", 8, D, 18),
            new AdapterFactors.Module("shared down", 2, D, 18));

    private final MemoryLedger ledger = new MemoryLedger();
    private final FreezableArena arena = new FreezableArena(ledger);

    /** Adds an op, and those before it that it needs. */
    private interface Adding {
        void to(NativeProgramBuilder builder, FaultyShapes f);
    }

    @BeforeEach
    void requireKernels() {
        final NativeKernels library = NativeKernels.load();
        assumeTrue(library.isAvailable(), () -> "no C kernels: " + String.join("; ", library.reasons()));
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private NativeProgramBuilder builder(final NumericClass numerics) {
        return new NativeProgramBuilder(arena, Isa.AVX2, numerics, LIMITS)
                .adapters(new AdapterFactors(arena, 2, MODULES, RANK));
    }

    /** Ops that need no other before them, by the name that their errors begin with. */
    private static Map<String, Adding> ops() {
        final Map<String, Adding> ops = encoderOps();
        addBlockOps(ops);
        addSpeechOps(ops);
        return ops;
    }

    private static void addSpeechOps(final Map<String, Adding> ops) {
        ops.put("speech blocks", (b, f) -> b.speechBlocks(f.floats(SPEECH * 10), f.size(10)));
        ops.put("vocode", (b, f) -> b.vocode(f.table(), f.floats(80), f.floats(80), f.offset(128)));
    }

    private static Map<String, Adding> encoderOps() {
        final Map<String, Adding> ops = new LinkedHashMap<>();
        ops.put("mel fold", (b, f) -> b.melFold(f.floats(1600), f.floats(AUDIO * 801), f.floats(AUDIO * 799)));
        ops.put(
                "mel magnitude",
                (b, f) -> b.melMagnitude(
                        f.floats(AUDIO * 801), f.floats(AUDIO * 801), f.floats(AUDIO * 801), f.size(801)));
        ops.put(
                "mel bin",
                (b, f) -> b.melBin(f.floats(AUDIO * 80), f.floats(15), f.size(15), f.floats(AUDIO * 80), f.size(80)));
        ops.put(
                "patch pixels",
                (b, f) -> b.patchPixels(f.size(4), f.count(12), f.floats(768), f.floats(PATCH * 96), f.size(96)));
        ops.put(
                "fold",
                (b, f) -> b.fold(
                        f.floats(PATCH * 96),
                        f.size(2),
                        f.size(4),
                        f.size(4),
                        f.size(3),
                        f.size(2),
                        f.size(2),
                        f.size(2),
                        f.floats(PATCH * 96)));
        ops.put("gelu", (b, f) -> b.gelu(RowSpaces.PATCH, f.floats(PATCH * 7), f.size(7)));
        ops.put(
                "linear",
                (b, f) -> b.linear(
                        RowSpaces.PATCH,
                        f.floats(PATCH * 3 * D),
                        f.matrix(10, D),
                        f.floats(PATCH * 30),
                        f.size(10),
                        f.size(3)));
        ops.put(
                "rms norm",
                (b, f) -> b.rmsNorm(
                        RowSpaces.PASS,
                        f.floats(PASS * 2 * D),
                        f.table(),
                        f.floats(PASS * 2 * D),
                        f.size(D),
                        f.size(2),
                        EPS));
        return ops;
    }

    private static void addBlockOps(final Map<String, Adding> ops) {
        ops.put(
                "embed",
                (b, f) -> b.embed(
                        WeightType.BF16,
                        f.unaligned(50 * D * 2),
                        f.size(50),
                        f.table(),
                        EPS,
                        f.floats(AUDIO * D),
                        f.floats(PATCH * D),
                        f.floats(SPEECH * D),
                        f.floats(PASS * D),
                        f.size(D)));
        ops.put(
                "key value",
                (b, f) -> b.keyValue(
                        new AttentionShape(
                                f.count(4), f.size(2), f.size(16), f.count(4), f.offset(8), 256, 3, 1, 3, f.offset(64)),
                        true,
                        f.floats(PASS * 32),
                        f.floats(PASS * 32),
                        f.floats(PASS * 32),
                        f.floats(PASS * 32),
                        f.table(),
                        f.table(),
                        f.count(4),
                        f.offset(0),
                        f.offset(384),
                        f.table(),
                        EPS));
        ops.put(
                "attention",
                (b, f) -> b.attention(
                        attention(f), false, f.floats(PASS * 64), f.floats(PASS * 16), f.table(), f.floats(PASS * 64)));
        ops.put(
                "linear conv",
                (b, f) -> b.linearConv(
                        f.floats(PASS * 40), f.matrix(D, 40), true, 0.5f, residual(f), adapted(f, 1, -1, 1)));
        ops.put(
                "adapter down",
                (b, f) -> b.adapterDown(RowSpaces.PASS, f.floats(PASS * D), f.size(D), adapted(f, 0, -1, 1)));
        ops.put(
                "linear swiglu",
                (b, f) -> b.linearSwiglu(
                        f.floats(PASS * D),
                        f.matrix(2 * 18, D),
                        f.floats(PASS * 36),
                        f.floats(PASS * 18),
                        f.size(18),
                        adapted(f, 2, -1, 1)));
        ops.put(
                "route",
                (b, f) -> b.route(
                        f.floats(PASS * 10),
                        f.table(),
                        f.size(8),
                        f.sizeOrNone(2),
                        f.size(3),
                        1f,
                        f.floats(PASS * 5),
                        f.floats(PASS * 5)));
        ops.put(
                "output norm",
                (b, f) -> b.outputNorm(
                        RowSpaces.VOICE, f.floats(PASS * D), f.table(), EPS, 1f, f.floats(VOICE * D), f.size(D)));
        ops.put("sample", (b, f) -> b.sample(f.floats(OUTPUT * 65), f.size(65), f.floats(OUTPUT)));
    }

    private static AttentionShape attention(final FaultyShapes f) {
        return new AttentionShape(f.size(4), f.size(2), f.size(16), f.size(4), f.offset(8), 256, 3, 1, 3, f.offset(64));
    }

    /** What adapters add, with t for {@code slots} vectors a row. */
    private static Adapted adapted(final FaultyShapes f, final int module, final int shared, final int slots) {
        return new Adapted(module, shared, f.floats(PASS * slots * RANK));
    }

    private static Residual residual(final FaultyShapes f) {
        return new Residual(f.floats(PASS * D), f.floats(PASS * D), f.size(D), f.table(), f.count(4), f.offset(8));
    }

    /** The ops that read indexes, after those that write them. */
    private static Map<String, Adding> readersOfIndexes() {
        final Map<String, Adding> ops = new LinkedHashMap<>();
        ops.put("audio bag", (b, f) -> {
            final Region bins = f.floats(AUDIO * 80);
            b.melBin(whole(1 << 10, AUDIO * 80), whole(1 << 14, 15), 15, sound(bins, AUDIO * 80), 80);
            b.barrier(true)
                    .audioBag(
                            bins,
                            WeightType.BF16,
                            f.unaligned(80 * 16 * D * 2),
                            f.size(80),
                            f.size(16),
                            f.floats(AUDIO * D),
                            f.size(D));
        });
        ops.put("experts up", (b, f) -> {
            final ExpertGroup group = routed(b, f, 2 * 18, D);
            b.barrier(true)
                    .expertsUp(
                            f.floats(PASS * D),
                            group,
                            f.size(18),
                            f.floats(PASS * 5 * 36),
                            f.floats(PASS * 5 * 18),
                            adapted(f, 3, 4, 5));
        });
        ops.put("experts down", (b, f) -> {
            final ExpertGroup group = routed(b, f, D, 18);
            b.barrier(true)
                    .expertsDownConv(
                            f.floats(PASS * 5 * 18),
                            group,
                            f.size(18),
                            f.floats(PASS * D),
                            residual(f),
                            adapted(f, 5, 6, 5));
        });
        ops.put("adapter down of experts", (b, f) -> {
            final Region experts = f.floats(PASS * 5);
            b.route(whole(1 << 10, PASS * 10), 4096, 8, 2, 3, 1f, sound(experts, PASS * 5), whole(1 << 12, PASS * 5));
            final ExpertNumbers numbers = new ExpertNumbers(experts, f.size(8), f.sizeOrNone(2), f.size(5));
            // a barrier in passes with adapters is enough: in others the op does nothing
            b.barrier(false, true).adapterDown(f.floats(PASS * 5 * 18), f.size(18), numbers, true, adapted(f, 5, 6, 5));
        });
        return ops;
    }

    private static Region whole(final long address, final int floats) {
        return new Region(address, floats * 4L);
    }

    /** The buffer that another op was given instead of a spoilt one. */
    private static Region sound(final Region spoilt, final int floats) {
        return whole(Math.max(64, spoilt.address() & -4), floats);
    }

    /** Routes 3 of 8 experts and 2 shared ones; the group that {@code f} makes of them. */
    private static ExpertGroup routed(
            final NativeProgramBuilder b, final FaultyShapes f, final int rows, final int cols) {
        final Region experts = f.floats(PASS * 5);
        final Region weights = f.floats(PASS * 5);
        b.route(whole(1 << 10, PASS * 10), 4096, 8, 2, 3, 1f, sound(experts, PASS * 5), whole(1 << 12, PASS * 5));
        return new ExpertGroup(
                experts,
                weights,
                f.matrix(8 * rows, cols),
                f.matrix(2 * rows, cols),
                f.size(8),
                f.sizeOrNone(2),
                f.size(5));
    }

    private void assertRefused(final String name, final NumericClass numerics, final Adding adding, final int least) {
        final FaultyShapes right = new FaultyShapes(numerics, Fault.NONE, -1);
        final NativeProgramBuilder accepting = builder(numerics);
        assertDoesNotThrow(() -> adding.to(accepting, right), name);
        final int ops = accepting.build(1).ops();
        int refused = 0;
        for (int at = 0; at < right.asked(); at++) {
            for (final Fault fault : Fault.values()) {
                final FaultyShapes wrong = new FaultyShapes(numerics, fault, at);
                final NativeProgramBuilder builder = builder(numerics);
                final String what = name + ", argument " + at + " " + fault;
                try {
                    adding.to(builder, wrong);
                    assertTrue(!wrong.isUsed(), what + " was accepted");
                } catch (final IllegalArgumentException ex) {
                    assertTrue(wrong.isUsed(), what + ": " + ex);
                    assertTrue(ex.getMessage().startsWith(name + ": "), what + ": " + ex.getMessage());
                    assertEquals(ops - 1, builder.build(1).ops(), what + ": the op was added");
                    refused++;
                }
            }
        }
        assertTrue(refused >= least, name + ": only " + refused + " faults were tried");
    }

    @ParameterizedTest
    @EnumSource(NumericClass.class)
    void shouldRefuseEveryWrongArgumentOfEveryOp(final NumericClass numerics) {
        ops().forEach((name, adding) -> assertRefused(name, numerics, adding, 5));
    }

    @ParameterizedTest
    @EnumSource(NumericClass.class)
    void shouldRefuseEveryWrongArgumentOfOpsThatReadIndexes(final NumericClass numerics) {
        readersOfIndexes().forEach((name, adding) -> assertRefused(name, numerics, adding, 15));
    }

    private void assertRefused(final String part, final Adding adding) {
        final NativeProgramBuilder builder = builder(NumericClass.EXACT);
        final FaultyShapes shapes = new FaultyShapes(NumericClass.EXACT, Fault.NONE, -1);
        final IllegalArgumentException ex =
                assertThrows(IllegalArgumentException.class, () -> adding.to(builder, shapes), part);
        assertTrue(ex.getMessage().contains(part), ex.getMessage());
    }

    private static Adding attention(final AttentionShape shape) {
        return (b, f) -> b.attention(shape, false, f.floats(100_000), f.floats(100_000), f.table(), f.floats(100_000));
    }

    private static AttentionShape shape(
            final int heads, final long window, final int sinks, final int sinkPages, final int ringPages) {
        return new AttentionShape(heads, 2, 16, 4, 8, window, sinks, sinkPages, ringPages, 0);
    }

    @Test
    void shouldRefuseAttentionThatItsPagesCannotHold() {
        assertRefused("evenly", attention(shape(5, 256, 3, 1, 3)));
        assertRefused("evenly", attention(shape(1, 256, 3, 1, 3)));
        assertRefused("the window", attention(shape(4, 0, 3, 1, 3)));
        assertRefused("the window", attention(shape(4, 514, 3, 1, 3)));
        assertRefused("the window", attention(shape(4, Long.MAX_VALUE, 3, 1, 3)));
        assertRefused("sinks", attention(shape(4, 256, -1, 1, 3)));
        assertRefused("sinks", attention(shape(4, 256, 257, 1, 3)));
        assertRefused("sink pages", attention(shape(4, 256, 0, -1, 3)));
        assertRefused("ring pages", attention(shape(4, 256, 3, 1, 0)));
        assertRefused("number of pages", attention(shape(4, 256, 3, 1, Integer.MAX_VALUE)));
        final NativeProgramBuilder two = builder(NumericClass.EXACT);
        final FaultyShapes f = new FaultyShapes(NumericClass.EXACT, Fault.NONE, -1);
        attention(shape(4, 256, 3, 1, 3)).to(two, f);
        final IllegalArgumentException ex = assertThrows(
                IllegalArgumentException.class,
                () -> attention(shape(4, 256, 3, 1, 4)).to(two, f));
        assertTrue(ex.getMessage().contains("shares the page table"), ex.getMessage());
    }

    @Test
    void shouldRefuseFoldsThatDoNotDivide() {
        for (final int[] folds : new int[][] {{3, 2, 2}, {2, 3, 2}, {2, 2, 3}}) {
            assertRefused(
                    "does not divide",
                    (b, f) -> b.fold(f.floats(1000), 2, 4, 4, 3, folds[0], folds[1], folds[2], f.floats(1000)));
        }
        assertRefused("overlap", (b, f) -> {
            final Region x = f.floats(PATCH * 96);
            b.fold(x, 2, 4, 4, 3, 2, 2, 2, x);
        });
    }

    @Test
    void shouldRefusePatchesThatDoNotFitTheirFrame() {
        assertRefused("narrower", (b, f) -> b.patchPixels(4, 3, f.floats(768), f.floats(PATCH * 96), 96));
        assertRefused("is not a patch", (b, f) -> b.patchPixels(4, 8, f.floats(768), f.floats(PATCH * 97), 97));
        // 6 · 26755² is 8 modulo 2³²
        assertRefused(
                "is not a patch",
                (b, f) -> b.patchPixels(26755, 30000, f.floats(768), f.floats(1L << 40), 6 * 26755 * 26755));
    }

    @Test
    void shouldRefuseAnEmbeddingWithoutTheVectorsOfItsSources() {
        assertRefused(
                "audio sources",
                (b, f) -> b.embed(
                        WeightType.F32,
                        f.floats(D),
                        1,
                        f.table(),
                        EPS,
                        Region.NONE,
                        f.floats(PATCH * D),
                        f.floats(SPEECH * D),
                        f.floats(PASS * D),
                        D));
        assertRefused(
                "patch sources",
                (b, f) -> b.embed(
                        WeightType.F32,
                        f.floats(D),
                        1,
                        f.table(),
                        EPS,
                        f.floats(AUDIO * D),
                        Region.NONE,
                        f.floats(SPEECH * D),
                        f.floats(PASS * D),
                        D));
        assertRefused(
                "blocks of speech",
                (b, f) -> b.embed(
                        WeightType.F32,
                        f.floats(D),
                        1,
                        f.table(),
                        EPS,
                        f.floats(AUDIO * D),
                        f.floats(PATCH * D),
                        Region.NONE,
                        f.floats(PASS * D),
                        D));
    }

    @Test
    void shouldRefuseMatricesOfNoKind() {
        for (final int kind : new int[] {-1, 2, 3, 4}) {
            assertRefused(
                    "another class",
                    (b, f) -> b.linear(
                            RowSpaces.PASS,
                            f.floats(PASS * D),
                            new WeightMatrix(kind, 64, D * 4, 0, 0, 10, D),
                            f.floats(PASS * 10),
                            10,
                            1));
        }
        final WeightMatrix prepared = WeightMatrix.prepared(NumericClass.FAST_INT8, 10, D, 64);
        final FaultyShapes f = new FaultyShapes(NumericClass.FAST_INT8, Fault.NONE, -1);
        for (final WeightMatrix wrong : new WeightMatrix[] {
            new WeightMatrix(3, 64, prepared.stride(), 0, prepared.sum(), 10, D),
            new WeightMatrix(3, 64, prepared.stride(), prepared.scale(), 0, 10, D),
            WeightMatrix.prepared(NumericClass.FAST_INT8, 10, D, 68)
        }) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> builder(NumericClass.FAST_INT8)
                            .linear(RowSpaces.PASS, f.floats(PASS * D), wrong, f.floats(PASS * 10), 10, 1),
                    wrong.toString());
        }
        final int cols = NumericClass.MAX_INT8_COLUMNS + 1;
        final WeightMatrix wide = new WeightMatrix(3, 64, 66_048, 1 << 22, 1 << 23, 10, cols);
        assertThrows(
                IllegalArgumentException.class,
                () -> builder(NumericClass.FAST_INT8)
                        .linear(RowSpaces.PASS, f.floats(PASS * (long) cols), wide, f.floats(PASS * 10), 10, 1));
    }

    @Test
    void shouldRefuseIndexesThatNobodyWrote() {
        final Region experts = whole(1 << 16, PASS * 5);
        final Adding up = (b, f) -> b.expertsUp(
                f.floats(PASS * D),
                new ExpertGroup(experts, f.floats(PASS * 5), f.matrix(8 * 36, D), f.matrix(2 * 36, D), 8, 2, 5),
                18,
                f.floats(PASS * 5 * 36),
                f.floats(PASS * 5 * 18));
        final Adding route =
                (b, f) -> b.route(f.floats(PASS * 10), f.table(), 8, 2, 3, 1f, experts, f.floats(PASS * 5));
        assertRefused("no op before has written", up);
        assertRefused("no barrier", (b, f) -> {
            b.barrier(true);
            route.to(b, f);
            up.to(b, f);
        });
        assertRefused("no op before has written", (b, f) -> {
            route.to(b, f);
            b.gelu(RowSpaces.PASS, experts, 5);
            up.to(b.barrier(true), f);
        });
        assertRefused("below 12: expected 5, below 10", (b, f) -> {
            b.route(f.floats(PASS * 12), f.table(), 10, 2, 3, 1f, experts, f.floats(PASS * 5));
            up.to(b.barrier(true), f);
        });
        assertRefused("4 a row", (b, f) -> {
            b.route(f.floats(PASS * 10), f.table(), 8, 2, 2, 1f, experts, f.floats(PASS * 5));
            up.to(b.barrier(true), f);
        });
        assertRefused("no op before has written", (b, f) -> {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> b.route(f.floats(PASS * 10), 0, 8, 2, 3, 1f, experts, f.floats(PASS * 5)));
            up.to(b.barrier(true), f);
        });
        final NativeProgramBuilder right = builder(NumericClass.EXACT);
        final FaultyShapes f = new FaultyShapes(NumericClass.EXACT, Fault.NONE, -1);
        route.to(right, f);
        right.barrier(true).gelu(RowSpaces.PASS, whole(1 << 10, PASS), 1);
        assertDoesNotThrow(() -> up.to(right, f), "the barrier of an op between them is one, too");
    }

    @Test
    void shouldRefuseBinsThatTheTableLacks() {
        final Region bins = whole(1 << 16, AUDIO * 80);
        assertRefused("below 18: expected 80, below 16", (b, f) -> {
            b.melBin(f.floats(AUDIO * 80), f.floats(17), 17, bins, 80);
            b.barrier(true).audioBag(bins, WeightType.F32, f.floats(80 * 16 * D), 80, 16, f.floats(AUDIO * D), D);
        });
        assertRefused("overlap", (b, f) -> {
            b.melBin(f.floats(AUDIO * 80), f.floats(15), 15, bins, 80);
            b.barrier(true).audioBag(bins, WeightType.F32, f.floats(80 * 16 * D), 80, 16, bins, D);
        });
    }

    private static Adding linear(final int outputs, final int perRow, final int space, final Adapted adapted) {
        return (b, f) -> b.linear(space, f.floats(1000 * D), f.matrix(10, D), f.floats(1000), outputs, perRow, adapted);
    }

    @Test
    void shouldRefuseAdaptersThatDoNotFitTheOp() {
        final Region t = whole(1 << 16, PASS * RANK);
        final Region tOfExperts = whole(1 << 16, PASS * 5 * RANK);
        assertRefused("adapter module 7: expected 0 to 6", linear(10, 1, RowSpaces.PASS, new Adapted(7, -1, t)));
        assertRefused("adapter module -2", linear(10, 1, RowSpaces.PASS, new Adapted(-2, -1, t)));
        assertRefused("the op has no experts", linear(10, 1, RowSpaces.PASS, new Adapted(0, 4, t)));
        assertRefused("has 8 matrices, and the op 1", linear(10, 1, RowSpaces.PASS, new Adapted(3, -1, t)));
        assertRefused("adapters of 2 vectors a row", linear(10, 2, RowSpaces.PASS, new Adapted(0, -1, t)));
        assertRefused("of space 3", linear(10, 1, RowSpaces.PATCH, new Adapted(0, -1, t)));
        assertRefused("there is no input of adapters", linear(10, 1, RowSpaces.PASS, new Adapted(0, -1, Region.NONE)));
        assertRefused(
                "has 10 outputs, and the op 36",
                (b, f) -> b.linearSwiglu(
                        f.floats(1000), f.matrix(36, D), f.floats(1000), f.floats(1000), 18, new Adapted(0, -1, t)));
        assertRefused(
                "has 24 inputs, and the op 23",
                (b, f) -> b.adapterDown(RowSpaces.PASS, f.floats(1000), 23, new Adapted(0, -1, t)));
        assertRefused(
                "belong to no session",
                (b, f) -> b.adapterDown(RowSpaces.AUDIO, f.floats(1000), D, new Adapted(0, -1, t)));
        final Region wide = whole(1 << 16, PASS * D);
        assertRefused("overlap", (b, f) -> b.adapterDown(RowSpaces.PASS, wide, D, new Adapted(0, -1, wide)));
        assertRefused("has 24 outputs, and the op 36", (b, f) -> {
            final ExpertGroup group = routed(b, f, 36, 18);
            b.barrier(true)
                    .expertsUp(
                            f.floats(1000),
                            group,
                            18,
                            f.floats(10000),
                            f.floats(10000),
                            new Adapted(5, -1, tOfExperts));
        });
        assertRefused("no barrier", (b, f) -> {
            final ExpertGroup group = routed(b, f, D, 18);
            final ExpertNumbers numbers = new ExpertNumbers(group.experts(), 8, 2, 5);
            b.barrier(true, false).adapterDown(f.floats(1000), 18, numbers, true, new Adapted(5, 6, tOfExperts));
        });
        assertRefused("no barrier", (b, f) -> {
            final ExpertGroup group = routed(b, f, D, 18);
            b.barrier(false, true).expertsDownConv(f.floats(1000), group, 18, f.floats(1000), residual(f));
        });
        final NativeProgramBuilder without = new NativeProgramBuilder(arena, Isa.AVX2, NumericClass.EXACT, LIMITS);
        final FaultyShapes f = new FaultyShapes(NumericClass.EXACT, Fault.NONE, -1);
        final IllegalArgumentException ex = assertThrows(
                IllegalArgumentException.class,
                () -> linear(10, 1, RowSpaces.PASS, new Adapted(0, -1, t)).to(without, f));
        assertTrue(ex.getMessage().contains("the program has no adapters"), ex.getMessage());
    }

    private long head(final FlowShape shape) {
        final FlowHead.Weight weight = new FlowHead.Weight(
                WeightType.F32,
                arena.allocate(MemoryTag.WEIGHTS, 4L * 64 * 64, 64).address());
        final List<FlowHead.Layer> layers =
                Collections.nCopies(shape.layers(), new FlowHead.Layer(weight.address(), weight, weight));
        final long head =
                arena.allocate(MemoryTag.WEIGHTS, FlowHead.bytes(shape), 64).address();
        final FlowHead.Weights weights =
                new FlowHead.Weights(weight, weight, weight, layers, weight.address(), weight, 4);
        FlowHead.write(shape, weights, arena.allocate(MemoryTag.WEIGHTS, 16, 64).address(), head);
        return head;
    }

    @Test
    void shouldRefuseAFlowThatDoesNotFit() {
        final FlowShape shape = new FlowShape(12, 10, 9, 2, 3);
        final long head = head(shape);
        final Adding right = (b, f) -> b.flow(shape, head, f.floats(VOICE * 12), f.floats(VOICE * 10));
        for (final NumericClass numerics : NumericClass.values()) {
            final NativeProgramBuilder builder = builder(numerics);
            right.to(builder, new FaultyShapes(numerics, Fault.NONE, -1));
            assertDoesNotThrow(() -> builder.build(1));
            for (int at = 0; at < 2; at++) {
                for (final Fault fault : new Fault[] {Fault.SMALL, Fault.ABSENT, Fault.BETWEEN}) {
                    final FaultyShapes f = new FaultyShapes(numerics, fault, at);
                    final String where = fault + " " + at;
                    assertThrows(IllegalArgumentException.class, () -> right.to(builder(numerics), f), where);
                    assertTrue(f.isUsed(), where);
                }
            }
        }
        assertRefused("there is no head", (b, f) -> b.flow(shape, 0, f.floats(VOICE * 12), f.floats(VOICE * 10)));
        assertRefused("4 does not divide", (b, f) -> b.flow(shape, head + 2, f.floats(1000), f.floats(1000)));
        for (final FlowShape other : new FlowShape[] {
            new FlowShape(13, 10, 9, 2, 3),
            new FlowShape(12, 11, 9, 2, 3),
            new FlowShape(12, 10, 8, 2, 3),
            new FlowShape(12, 10, 9, 1, 3),
            new FlowShape(12, 10, 9, 2, 4)
        }) {
            assertRefused("another shape", (b, f) -> b.flow(other, head, f.floats(1000), f.floats(1000)));
        }
        final Region both = whole(1 << 16, VOICE * 12);
        assertRefused("overlap", (b, f) -> b.flow(shape, head, both, both));
    }

    @Test
    void shouldRefuseRowsThatAreNotGathered() {
        for (final int space : new int[] {RowSpaces.PASS, RowSpaces.AUDIO, RowSpaces.SPEECH, 6, -1}) {
            assertRefused(
                    "rows of space " + space + " are not gathered",
                    (b, f) -> b.outputNorm(space, f.floats(1000), f.table(), EPS, 1f, f.floats(1000), D));
        }
    }

    @Test
    void shouldRefuseLimitsBelowZero() {
        for (int i = 0; i < 7; i++) {
            final int[] rows = {1, 1, 1, 1, 1, 1, 1};
            rows[i] = -1;
            final RowSpaces limits = new RowSpaces(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6]);
            final IllegalArgumentException ex = assertThrows(
                    IllegalArgumentException.class,
                    () -> new NativeProgramBuilder(arena, Isa.AVX2, NumericClass.EXACT, limits));
            assertTrue(ex.getMessage().contains("is -1: expected at least 0"), ex.getMessage());
        }
    }

    @Test
    void shouldRefuseSizesWhoseProductsOverflow() {
        final RowSpaces most = new RowSpaces(Integer.MAX_VALUE, 1, 1, 1, 1);
        final NativeProgramBuilder builder = new NativeProgramBuilder(arena, Isa.AVX2, NumericClass.EXACT, most);
        final Region x = new Region(64, Long.MAX_VALUE);
        for (final Runnable op : new Runnable[] {
            () -> builder.rmsNorm(RowSpaces.PASS, x, 64, x, Integer.MAX_VALUE, Integer.MAX_VALUE, EPS),
            () -> builder.rmsNorm(RowSpaces.PASS, x, 64, x, 1, 2, EPS),
            () -> builder.rmsNorm(RowSpaces.PASS, x, 64, x, Integer.MAX_VALUE, 1, EPS),
            () -> builder.gelu(RowSpaces.PASS, x, Integer.MAX_VALUE),
            () -> builder.linearSwiglu(x, WeightMatrix.exact(WeightType.F32, 64, 8, 8), x, x, 1 << 30),
            () -> builder.embed(
                    WeightType.F32, x, Integer.MAX_VALUE, 64, EPS, x, x, x, new Region(64, 1L << 40), Integer.MAX_VALUE)
        }) {
            assertThrows(IllegalArgumentException.class, op::run);
        }
        assertEquals(0, builder.build(1).ops());
    }

    @Test
    void shouldRefuseWorkersThatCannotBe() {
        for (final int workers : new int[] {0, -1, 4097, Integer.MAX_VALUE}) {
            final IllegalArgumentException ex = assertThrows(
                    IllegalArgumentException.class,
                    () -> builder(NumericClass.EXACT).build(workers));
            assertTrue(ex.getMessage().contains(workers + " workers: expected 1 to"), ex.getMessage());
        }
    }

    @Test
    void shouldRefuseAnInstructionSetThatTheCpuLacks() {
        for (final Isa isa : Isa.values()) {
            if (!NativeKernels.load().supported().contains(isa)) {
                final IllegalArgumentException ex = assertThrows(
                        IllegalArgumentException.class,
                        () -> new NativeProgramBuilder(arena, isa, NumericClass.EXACT, LIMITS));
                assertTrue(ex.getMessage().contains(isa.label()), ex.getMessage());
            }
        }
    }

    @Test
    void shouldRefuseARowSpaceThatIsNone() {
        for (final int space : new int[] {-1, 6}) {
            assertRefused("row space " + space, (b, f) -> b.gelu(space, f.floats(1000), 1));
        }
    }
}
