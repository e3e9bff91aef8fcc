package dev.tactus.kernel.c;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.kernel.AdapterFactors;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No pass that would lead C out of a buffer is accepted. Every column is spoilt in turn; nothing runs. */
class NativePassTest {
    private static final int TABLE_ROWS = 50;
    private static final int LOCAL_PAGES = 3;
    private static final int GLOBAL_PAGES = 4;
    private static final int SEGMENT_ROWS = 257;
    private static final int D = 8;

    private final MemoryLedger ledger = new MemoryLedger();
    private final FreezableArena arena = new FreezableArena(ledger);
    private final Map<String, Long> columns = new HashMap<>();
    private NativeProgram program;
    private NativePass pass;

    @BeforeEach
    void makePass() {
        final NativeKernels library = NativeKernels.load();
        assumeTrue(library.isAvailable(), () -> "no C kernels: " + String.join("; ", library.reasons()));
        program = program();
        pass = new NativePass(arena);
        // segment 0, of entry 1: token 7, audio source 0, patch source 1 (an output); segment 1, of entry 2: token 49
        ints("kind", 0, 1, 2, 0);
        ints("value", 7, 0, 1, 49);
        longs("position", 510, 511, 512, 0);
        floats("tau", 1, 1, 1, 1);
        ints("output", -1, -1, 0, 1);
        ints("entry", 1, 2);
        ints("first", 0, 3);
        ints("count", 3, 1);
        longs("state", 0, 4096, 8192);
        longs("local 1", 4096, 4096, 4096);
        longs("local 2", 4096, 0, 0);
        longs("global 1", 4096, 4096, 4096, 0);
        longs("global 2", 4096, 0, 0, 0);
        longs("local", 0, columns.get("local 1"), columns.get("local 2"));
        longs("global", 0, columns.get("global 1"), columns.get("global 2"));
        longs("tick", 0, 3, 4);
        longs("seed", 0, 5, 6);
        ints("bins of 1", 0, 15, 3);
        ints("adapter", -9, 2, 0);
        longs("left", 0, 0);
        longs("right", 4096, 0);
        longs("bins", 0, columns.get("bins of 1"));
        longs("previous", 0, 4096);
        longs("current", 0, 4096);
        ints("patch row", -7, 2);
        ints("patch column", 99, 3);
        longs("pixels", 4096, 0);
        longs("speech block", 4096);
        // read only where there are voice rows
        ints("voice row 1", -1, -1, -1, -1);
        longs("voice block 1", 4096);
        ints("job entry", 1, 2);
        longs("job block", 0, 4096);
        longs("job samples", 4096, 8192);
        ints("output entry", 1, 2);
        longs("mask", 4096, 4096);
        floats("temperature", 0, 1);
        floats("top p", 1, 0.9f);
        ints("top k", 1, 256);
        ints("output position", 0, 0);
        fill();
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private void fill() {
        pass.counts(4, 2, 2, 2, 2, 3, true);
        pass.rows(
                at("kind"),
                at("value"),
                at("position"),
                at("tau"),
                at("output"),
                at("entry"),
                at("first"),
                at("count"));
        pass.entries(at("state"), at("local"), at("global"), at("tick"), at("seed"), at("adapter"));
        pass.audio(at("left"), at("right"), at("bins"));
        pass.patches(at("previous"), at("current"), at("patch row"), at("patch column"), at("pixels"));
        pass.speechCounts(1, 0, 2);
        pass.speech(
                at("speech block"),
                at("voice row 1"),
                at("voice block 1"),
                at("job entry"),
                at("job block"),
                at("job samples"));
        pass.draws(at("output entry"), at("mask"), at("temperature"), at("top p"), at("top k"), at("output position"));
    }

    private long at(final String column) {
        return columns.get(column);
    }

    private long column(final String name, final int bytes) {
        final long address = arena.allocate(MemoryTag.PLAN, bytes, 64).address();
        columns.put(name, address);
        return address;
    }

    private void ints(final String name, final int... values) {
        final long address = column(name, values.length * 4);
        for (int i = 0; i < values.length; i++) {
            OffHeap.putInt(address + i * 4L, values[i]);
        }
    }

    private void floats(final String name, final float... values) {
        final long address = column(name, values.length * 4);
        for (int i = 0; i < values.length; i++) {
            OffHeap.putFloat(address + i * 4L, values[i]);
        }
    }

    private void longs(final String name, final long... values) {
        final long address = column(name, values.length * 8);
        for (int i = 0; i < values.length; i++) {
            OffHeap.putLong(address + i * 8L, values[i]);
        }
    }

    private static Region made(final long address) {
        return new Region(address << 20, 1 << 20);
    }

    /** An op of every kind that asks something of a pass; its addresses are made up. */
    private NativeProgram program() {
        final RowSpaces limits = new RowSpaces(6, 2, 2, 2, 1, 1, 2);
        final NativeProgramBuilder builder = new NativeProgramBuilder(arena, Isa.AVX2, NumericClass.EXACT, limits);
        builder.melBin(made(1), made(2), 15, made(3), 3);
        builder.barrier(true).audioBag(made(3), WeightType.F32, made(4), 3, 16, made(5), D);
        builder.patchPixels(2, 9, made(2), made(6), 24);
        builder.embed(WeightType.F32, made(7), TABLE_ROWS, 64, 0, made(5), made(8), made(10), made(9), D);
        final AttentionShape local = new AttentionShape(2, 1, 8, 4, 8, 256, 0, 0, LOCAL_PAGES, 0);
        builder.keyValue(local, true, made(1), made(2), made(5), made(6), 64, 64, 4, 0, 96, 64, 0);
        builder.attention(local, true, made(1), made(2), 64, made(9));
        final AttentionShape global = new AttentionShape(2, 1, 8, 4, 8, 256, 4, 1, GLOBAL_PAGES - 1, 0);
        builder.attention(global, false, made(1), made(2), 64, made(9));
        builder.outputNorm(RowSpaces.OUTPUT, made(1), 64, 0, 1, made(2), D);
        builder.sample(made(2), 65, made(1));
        final AdapterFactors.Module module = new AdapterFactors.Module("unembed", 1, 65, D);
        builder.adapters(new AdapterFactors(arena, 2, List.of(module), 3));
        return builder.build(2);
    }

    private void assertRefused(final String part) {
        final IllegalArgumentException ex =
                assertThrows(IllegalArgumentException.class, () -> pass.check(program), part);
        assertTrue(ex.getMessage().contains(part), ex.getMessage());
        assertThrows(IllegalStateException.class, () -> program.run(pass, 0), "nothing runs");
        assertThrows(IllegalStateException.class, () -> program.runOp(pass, 0), "nothing runs");
    }

    /** Refused with this instead of what is right, and accepted again afterwards. */
    private void assertInt(final String column, final int index, final int wrong, final String part) {
        final long address = at(column) + index * 4L;
        final int right = OffHeap.getInt(address);
        OffHeap.putInt(address, wrong);
        assertRefused(part);
        OffHeap.putInt(address, right);
        assertDoesNotThrow(() -> pass.check(program));
    }

    private void assertLong(final String column, final int index, final long wrong, final String part) {
        final long address = at(column) + index * 8L;
        final long right = OffHeap.getLong(address);
        OffHeap.putLong(address, wrong);
        assertRefused(part);
        OffHeap.putLong(address, right);
        assertDoesNotThrow(() -> pass.check(program));
    }

    private void assertCounts(final String part, final int... counts) {
        pass.counts(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], true);
        assertRefused(part);
        fill();
        assertDoesNotThrow(() -> pass.check(program));
    }

    @Test
    void shouldAcceptAPassThatFits() {
        assertDoesNotThrow(() -> pass.check(program));
    }

    @Test
    void shouldAcceptAPassOfNothing() {
        final NativePass empty = new NativePass(arena);
        empty.counts(0, 0, 0, 0, 0, 0, true);
        assertDoesNotThrow(() -> empty.check(program));
    }

    @Test
    void shouldRefuseMoreThanTheProgramWasBuiltFor() {
        assertCounts("7 rows: the program was built for 6", 7, 2, 2, 2, 2, 3);
        assertCounts("3 segments: the program was built for 2", 4, 3, 2, 2, 2, 3);
        assertCounts("3 output rows: the program was built for 2", 4, 2, 3, 2, 2, 3);
        assertCounts("3 audio sources: the program was built for 2", 4, 2, 2, 3, 2, 3);
        assertCounts("3 patch sources: the program was built for 2", 4, 2, 2, 2, 3, 3);
        for (int i = 0; i < 5; i++) {
            final int[] counts = {4, 2, 2, 2, 2, 3};
            counts[i] = -1;
            assertCounts("a pass has -1", counts);
        }
    }

    @Test
    void shouldRefuseCountsThatContradictEachOther() {
        assertCounts("segments hold 4 rows of 5", 5, 2, 2, 2, 2, 3);
        assertCounts("segments hold 3 rows of 4", 4, 1, 1, 2, 2, 3);
        assertCounts("rows name 2 output rows of 1", 4, 2, 1, 2, 2, 3);
        assertCounts("expected 0 to 1", 4, 2, 2, 2, 2, 2);
        assertCounts("expected 0 to -1", 4, 2, 2, 2, 2, 0);
        assertCounts("expected 0 to -1", 4, 2, 2, 2, 0, 3);
        assertCounts("segments hold 0 rows of 4", 4, 0, 0, 2, 2, 3);
        assertCounts("segment 0 has 3 rows", 0, 2, 0, 2, 2, 3);
    }

    @Test
    void shouldRefuseColumnsWithoutAnAddress() {
        for (final String column : columns.keySet().toArray(String[]::new)) {
            if (column.endsWith(" 1") || column.endsWith(" 2")) {
                continue;
            }
            final long right = columns.put(column, 0L);
            fill();
            assertRefused("has no address");
            columns.put(column, right);
            fill();
            assertDoesNotThrow(() -> pass.check(program), column);
        }
        assertRefusedWhenNew();
    }

    private void assertRefusedWhenNew() {
        pass = new NativePass(arena);
        pass.counts(4, 2, 2, 2, 2, 3, true);
        assertRefused("has no address");
    }

    @Test
    void shouldRefuseRowsOfNothing() {
        assertInt("value", 0, TABLE_ROWS, "the token id of row of 0 is 50: expected 0 to 49");
        assertInt("value", 3, -1, "the token id of row of 3 is -1");
        assertInt("value", 1, 2, "the audio source of row of 1 is 2");
        assertInt("value", 1, -1, "the audio source");
        assertInt("value", 2, 2, "the patch source of row of 2 is 2");
        assertInt("value", 2, Integer.MIN_VALUE, "the patch source");
        assertInt("kind", 0, 4, "the kind of row 0 is 4");
        assertInt("kind", 0, -1, "the kind of row 0 is -1");
    }

    @Test
    void shouldRefuseOutputRowsOutOfOrder() {
        assertInt("output", 2, 1, "the output row of row 2 is 1: expected 0");
        assertInt("output", 3, 0, "the output row of row 3 is 0: expected 1");
        assertInt("output", 3, -1, "rows name 1 output rows of 2");
        assertInt("output", 0, 0, "the output row of row 2 is 0: expected 1");
        OffHeap.putInt(at("output") + 4, 0);
        OffHeap.putInt(at("output") + 8, 1);
        OffHeap.putInt(at("output") + 12, -1);
        assertRefused("segment 0 has 2 output rows and 0 voice rows");
    }

    @Test
    void shouldRefuseSegmentsWithGapsOrOverlaps() {
        assertInt("first", 0, 1, "segment 0 has 3 rows from 1 on");
        assertInt("first", 1, 2, "segment 1 has 1 rows from 2 on");
        assertInt("first", 1, 4, "segment 1 has 1 rows from 4 on");
        assertInt("first", 0, -1, "segment 0 has 3 rows from -1 on");
        assertInt("count", 0, 2, "segment 1 has 1 rows from 3 on: expected at least 1, from 2 on");
        assertInt("count", 1, 0, "segment 1 has 0 rows");
        assertInt("count", 1, -1, "segment 1 has -1 rows");
        assertInt("count", 1, 2, "segment 1 has 2 rows");
        assertInt("count", 1, Integer.MAX_VALUE, "segment 1 has 2147483647 rows");
        assertInt("entry", 1, 3, "the plan entry of segment of 1 is 3");
        assertInt("entry", 0, -1, "the plan entry of segment of 0 is -1");
        assertInt("entry", 1, 1, "expected more than 1");
    }

    @Test
    void shouldRefusePositionsThatDoNotFollowEachOther() {
        assertLong("position", 0, -1, "the position of row 0 is -1");
        assertLong("position", 0, Long.MAX_VALUE, "the position of row 0");
        assertLong("position", 1, 510, "the position of row 1 is 510: expected 511");
        assertLong("position", 2, 1L << 40, "the position of row 2");
    }

    @Test
    void shouldRefuseMoreRowsThanARingHasRoomFor() {
        final RowSpaces limits = new RowSpaces(300, 1, 0, 0, 1);
        final NativeProgramBuilder builder = new NativeProgramBuilder(arena, Isa.AVX2, NumericClass.EXACT, limits);
        builder.attention(
                new AttentionShape(2, 1, 8, 4, 8, 257, 0, 0, LOCAL_PAGES, 0), true, made(1), made(2), 64, made(9));
        program = builder.build(1);
        ints("kind", new int[300]);
        ints("value", new int[300]);
        final long[] positions = new long[300];
        Arrays.setAll(positions, i -> i);
        longs("position", positions);
        floats("tau", new float[300]);
        final int[] outputs = new int[300];
        Arrays.fill(outputs, -1);
        ints("output", outputs);
        ints("first", 0);
        ints("adapter", 0, 0, 0);
        ints("count", SEGMENT_ROWS);
        fill();
        pass.counts(SEGMENT_ROWS, 1, 0, 0, 0, 2, false);
        assertDoesNotThrow(() -> pass.check(program));
        ints("count", SEGMENT_ROWS + 1);
        fill();
        pass.counts(SEGMENT_ROWS + 1, 1, 0, 0, 0, 2, false);
        assertRefused("258 rows: a ring of pages has room for 257 beside its window");
    }

    @Test
    void shouldRefuseSessionsWithoutMemory() {
        assertLong("state", 1, 0, "the state of plan entry of 1 has no address");
        assertLong("local", 2, 0, "plan entry 2 has no table of local pages");
        assertLong("global", 1, 0, "plan entry 1 has no table of global pages");
        assertLong("local 1", 2, 0, "no local page 2 for position 512");
        assertLong("global 1", 1, 0, "no global page 1");
        assertLong("global 2", 0, 0, "plan entry 2 has no global page 0 for position 0");
    }

    @Test
    void shouldRefuseAdaptersThatTheProgramHasNot() {
        assertInt("adapter", 1, 3, "the adapter of plan entry of 1 is 3: expected 0 to 2");
        assertInt("adapter", 2, -1, "the adapter of plan entry of 2 is -1");
        assertInt("adapter", 2, Integer.MIN_VALUE, "the adapter of plan entry of 2");
        program = new NativeProgramBuilder(arena, Isa.AVX2, NumericClass.EXACT, new RowSpaces(6, 2, 2, 2, 1, 1, 2))
                .build(1);
        assertRefused("the adapter of plan entry of 1 is 2: expected 0 to 0");
    }

    @Test
    void shouldRefuseSourcesOfNothing() {
        assertLong("right", 0, 0, "the sound of audio source of 0 has no address");
        assertInt("bins of 1", 1, 16, "bin 1 of audio source 1 is 16: expected 0 to 15");
        assertInt("bins of 1", 2, -1, "bin 2 of audio source 1 is -1");
        assertLong("previous", 1, 0, "the frame before patch source of 1");
        assertLong("current", 1, 0, "the frame of patch source of 1");
        assertInt("patch column", 1, 4, "the patch column of source of 1 is 4: expected 0 to 3");
        assertInt("patch column", 1, -1, "the patch column");
        assertInt("patch row", 1, -1, "the patch row");
        assertInt("patch row", 1, 1 << 16, "the patch row");
    }

    @Test
    void shouldRefuseDrawsThatCannotBe() {
        assertLong("mask", 1, 0, "the mask of output row of 1 has no address");
        assertInt("top k", 0, 0, "top-k of output row 0 is 0: expected 1 to 256");
        assertInt("top k", 1, 257, "top-k of output row 1 is 257");
        assertInt("temperature", 0, Float.floatToIntBits(Float.NaN), "the temperature of output row 0 is NaN");
        assertInt("temperature", 1, Float.floatToIntBits(-1f), "the temperature");
        assertInt("temperature", 1, Float.floatToIntBits(Float.POSITIVE_INFINITY), "the temperature");
        assertInt("top p", 0, 0, "top-p of output row 0 is 0.0");
        assertInt("top p", 0, Float.floatToIntBits(1.01f), "top-p");
        assertInt("top p", 0, Float.floatToIntBits(Float.NaN), "top-p");
    }

    @Test
    void shouldRefuseDrawsOfAnotherSession() {
        assertInt("output entry", 0, 2, "the plan entry of output row 0 is 2: expected 1, that of segment 0");
        assertInt("output entry", 1, -1, "the plan entry of output row 1 is -1");
    }

    @Test
    void shouldRefuseSpeechThatIsNowhere() {
        assertLong("speech block", 0, 0, "the block of speech of 0 has no address");
        assertLong("speech block", 0, 4098, "the block of speech of 0 begins at an address that 4 does not divide");
        assertInt("job entry", 1, 3, "the plan entry of job of 1 is 3: expected 0 to 2");
        assertInt("job entry", 0, -1, "the plan entry of job of 0 is -1");
        assertInt("job entry", 1, 1, "the plan entry of job 1 is 1: expected more than 1");
        assertInt("job entry", 0, 0, "the state of plan entry of 0 has no address");
        assertLong("job block", 1, 4097, "the block of job of 1 begins");
        assertLong("job samples", 0, 0, "the samples of job of 0 has no address");
        assertLong("job samples", 1, 6, "the samples of job of 1 begins");
        pass.speechCounts(2, 0, 2);
        assertRefused("2 blocks of speech: the program was built for 1");
        pass.speechCounts(1, 2, 2);
        assertRefused("2 voice rows: the program was built for 1");
        pass.speechCounts(1, 0, 3);
        assertRefused("3 jobs of the vocoder: the program was built for 2");
        for (int i = 0; i < 3; i++) {
            pass.speechCounts(i == 0 ? -1 : 1, i == 1 ? -1 : 0, i == 2 ? -1 : 2);
            assertRefused("a pass has -1");
        }
    }

    @Test
    void shouldRefuseRowsOfBlocksThatAreNotThere() {
        OffHeap.putInt(at("kind"), 3);
        OffHeap.putInt(at("value"), 0);
        assertDoesNotThrow(() -> pass.check(program));
        assertInt("value", 0, 1, "the block of speech of row of 0 is 1: expected 0 to 0");
        assertInt("value", 0, -1, "the block of speech of row of 0 is -1");
        assertInt("kind", 0, 4, "the kind of row 0 is 4: expected 0 to 3");
    }

    @Test
    void shouldCheckRowsThatABlockIsMadeOf() {
        pass.counts(4, 2, 1, 2, 2, 3, true);
        pass.speechCounts(1, 1, 0);
        pass.speech(at("speech block"), at("voice row 1"), at("voice block 1"), 0, 0, 0);
        OffHeap.putInt(at("output") + 3 * 4, -1);
        assertRefused("rows name 0 voice rows of 1");
        OffHeap.putInt(at("voice row 1") + 3 * 4, 0);
        assertDoesNotThrow(() -> pass.check(program));
        assertInt("voice row 1", 3, 1, "the voice row of row 3 is 1: expected 0");
        assertInt("voice row 1", 1, 0, "the voice row of row 3 is 0: expected 1");
        assertLong("voice block 1", 0, 0, "the place of the block of voice row of 0 has no address");
        assertLong("voice block 1", 0, 4099, "the place of the block of voice row of 0 begins");
        OffHeap.putInt(at("voice row 1") + 3 * 4, -1);
        OffHeap.putInt(at("voice row 1") + 2 * 4, 0);
        assertRefused("segment 0 has 1 output rows and 1 voice rows: expected one of them");
        OffHeap.putInt(at("voice row 1") + 2 * 4, -1);
        OffHeap.putInt(at("voice row 1") + 3 * 4, 0);
        pass.speech(at("speech block"), 0, at("voice block 1"), 0, 0, 0);
        assertRefused("the column voice row has no address");
        pass.speech(at("speech block"), at("voice row 1"), 0, 0, 0, 0);
        assertRefused("the column place of a block has no address");
        pass.counts(4, 2, 1, 2, 2, 3, false);
        pass.speechCounts(1, 1, 1);
        pass.speech(
                at("speech block"),
                at("voice row 1"),
                at("voice block 1"),
                at("job entry"),
                at("job block"),
                at("job samples"));
        assertRefused("a pass that draws nothing has 1 jobs of the vocoder");
    }

    @Test
    void shouldForgetACheckWhenSomethingIsSetAgain() {
        final Runnable[] setters = {
            () -> pass.counts(4, 2, 2, 2, 2, 3, true),
            () -> pass.rows(1, 1, 1, 1, 1, 1, 1, 1),
            () -> pass.entries(1, 1, 1, 1, 1, 1),
            () -> pass.audio(1, 1, 1),
            () -> pass.patches(1, 1, 1, 1, 1),
            () -> pass.draws(1, 1, 1, 1, 1, 1),
            () -> pass.speechCounts(1, 1, 1),
            () -> pass.speech(1, 1, 1, 1, 1, 1)
        };
        for (final Runnable setter : setters) {
            fill();
            pass.check(program);
            setter.run();
            assertThrows(IllegalStateException.class, () -> program.run(pass, 0));
        }
    }

    @Test
    void shouldRunOnlyWhatWasCheckedForTheProgram() {
        assertThrows(IllegalStateException.class, () -> program.run(pass, 0));
        pass.check(program);
        final NativeProgram other = program();
        final IllegalStateException ex = assertThrows(IllegalStateException.class, () -> other.run(pass, 0));
        assertTrue(ex.getMessage().contains("not checked for this program"), ex.getMessage());
        for (final int worker : new int[] {-1, 2, Integer.MAX_VALUE}) {
            final IllegalArgumentException wrong =
                    assertThrows(IllegalArgumentException.class, () -> program.run(pass, worker));
            assertTrue(wrong.getMessage().contains("worker " + worker + ": expected 0 to 1"), wrong.getMessage());
        }
        for (final int op : new int[] {-1, program.ops()}) {
            final IllegalArgumentException wrong =
                    assertThrows(IllegalArgumentException.class, () -> program.runOp(pass, op));
            assertTrue(wrong.getMessage().contains("op " + op + ": expected 0 to"), wrong.getMessage());
        }
    }
}
