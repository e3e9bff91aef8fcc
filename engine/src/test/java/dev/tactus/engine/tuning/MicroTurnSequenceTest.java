package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.audio.DmelExtractor;
import dev.tactus.engine.audio.DmelTables;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.Modality;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The positions, outputs and weights of micro-turns against MODEL.md 2.2 and 2.3, written out by hand. */
class MicroTurnSequenceTest {
    private static final long SEED = 20_261_122L;
    private static final int AUDIO = Modality.AUDIO.bit();
    private static final int VIDEO = Modality.VIDEO.bit();
    private static final int TEXT = Modality.TEXT.bit();
    private static final int MELS = 5;
    private static final int PATCH = 6;
    private static final int[] BINS = {0, 1, 2, 1, 0};

    // ids of the default interaction and of the tiny model
    private static final int TICK = 1;
    private static final int QUIET = 2;
    private static final int SPEAK = 3;
    private static final int IMAGE = 4;
    private static final int SOUND = 7;
    private static final int SAY = 8;
    private static final int NO_AUDIO = 9;
    private static final int NO_VIDEO = 10;
    private static final int TEXT_IN = 11;
    private static final int HEAR = 12;
    private static final int CUT = 13;

    @TempDir
    Path directory;

    private final MemoryLedger ledger = new MemoryLedger();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private InteractionConfig ids;
    private ModelConfig config;
    private TurnMemory memory;

    @BeforeEach
    void open() throws IOException {
        new TinyTask(directory, ledger, SEED);
        config = ModelConfig.read(directory);
        ids = InteractionConfig.resolve("default", config);
        memory = new TurnMemory(config, ids, 12, 24, ledger);
    }

    @AfterEach
    void shouldHaveFreedAllMemory() {
        memory.close();
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static void assertIds(final TrainingExample example, final int... expected) {
        assertArrayEquals(
                expected,
                example.example().sequence().ids(),
                Arrays.toString(example.example().sequence().ids()));
    }

    @Test
    void shouldLayOutTurnsAsTheEngineDoes() {
        final TurnInput heard = TurnInput.NOTHING.withBins(BINS, null, BINS, BINS);
        final MicroTurnSequence sequence = memory.sequence(AUDIO | TEXT, TokenWeights.EQUAL)
                .add(MicroTurn.of(heard.withText(20, 21), HEAR, 22, 23, SPEAK, 24, QUIET))
                .add(MicroTurn.of(TurnInput.NOTHING.withCut(), QUIET))
                .add(MicroTurn.of(heard.after(2), SPEAK, QUIET));
        final TrainingExample example = sequence.build();
        assertIds(
                example, TICK, SOUND, NO_AUDIO, SOUND, SOUND, TEXT_IN, 20, 21, HEAR, 22, 23, SPEAK, 24, QUIET, TICK,
                CUT, NO_AUDIO, QUIET, TICK, NO_AUDIO, QUIET, TICK, NO_AUDIO, QUIET, TICK, SOUND, NO_AUDIO, SOUND, SOUND,
                SPEAK);
        assertArrayEquals(
                new int[] {7, 8, 9, 10, 11, 12, 16, 28, 29}, example.example().outputs());
        assertArrayEquals(new int[] {HEAR, 22, 23, SPEAK, 24, QUIET, QUIET, SPEAK, QUIET}, example.targets());
        assertEquals(3, sequence.turns());
        assertEquals(30, sequence.length());
        assertEquals(9, sequence.outputs());
        assertEquals(6, example.example().sequence().audio());
        for (int i = 0; i < 6 * MELS; i++) {
            final long place = example.example().sequence().bins() + i * (long) Integer.BYTES;
            assertEquals(BINS[i % MELS], OffHeap.getInt(place));
        }
    }

    @Test
    void shouldWeighOutputsByWhatTheyAre() {
        final TokenWeights weights = new TokenWeights(0.5f, 2f, 3f, 5f);
        final TrainingExample example = memory.sequence(0, weights)
                .add(MicroTurn.of(TurnInput.NOTHING, HEAR, 22, SPEAK, 22, 23, QUIET))
                .add(new MicroTurn(TurnInput.NOTHING, new int[] {HEAR, 22, QUIET}, 0f))
                .add(new MicroTurn(TurnInput.NOTHING, new int[] {SPEAK, 22, QUIET}, 2f))
                .build();
        assertArrayEquals(new float[] {5, 2, 5, 3, 3, 0.5f, 0, 0, 0, 10, 6, 1}, example.weights());
        assertEquals(new TokenWeights(0.5f, 1f, 1f, 1f), TokenWeights.standard());
        assertThrows(IllegalArgumentException.class, () -> new TokenWeights(Float.NaN, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new MicroTurn(TurnInput.NOTHING, new int[] {QUIET}, -1f));
    }

    @Test
    void shouldQuantiseSoundWithTheSlotBeforeItAsContext() {
        final float[][] slots = new float[8][];
        final float[] signal = new float[8 * 800];
        for (int i = 0; i < signal.length; i++) {
            signal[i] = (float) (0.3 * random.nextGaussian());
        }
        for (int i = 0; i < slots.length; i++) {
            slots[i] = Arrays.copyOfRange(signal, i * 800, (i + 1) * 800);
        }
        final TeacherForcing.Sequence whole = heard(
                TurnInput.NOTHING.withSamples(slots[0], slots[1], slots[2], slots[3]),
                TurnInput.NOTHING.withSamples(slots[4], slots[5], slots[6], slots[7]));
        assertArrayEquals(bins(signal), binsOf(whole));
        memory.reset();
        // slot 1 is lost, and the tick before slot 4 did not run: there the stream begins again
        final TeacherForcing.Sequence broken = heard(
                TurnInput.NOTHING.withSamples(slots[0], null, slots[2], slots[3]),
                TurnInput.NOTHING
                        .withSamples(slots[4], slots[5], slots[6], slots[7])
                        .after(1));
        final int[] expected = concatenated(
                bins(slots[0]),
                bins(Arrays.copyOfRange(signal, 2 * 800, 4 * 800)),
                bins(Arrays.copyOfRange(signal, 4 * 800, 8 * 800)));
        assertArrayEquals(expected, binsOf(broken));
        final int[] unbroken = concatenated(bins(slots[0]), bins(Arrays.copyOfRange(signal, 2 * 800, 8 * 800)));
        assertFalse(Arrays.equals(expected, unbroken), "no trace of the skipped tick");
    }

    private TeacherForcing.Sequence heard(final TurnInput... inputs) {
        final MicroTurnSequence sequence = memory.sequence(AUDIO, TokenWeights.EQUAL);
        for (final TurnInput input : inputs) {
            sequence.add(MicroTurn.of(input, QUIET));
        }
        return sequence.build().example().sequence();
    }

    private int[] bins(final float... signal) {
        try (FreezableArena arena = new FreezableArena(ledger)) {
            final DmelTables tables = new DmelTables(arena, MELS, config.audio().levels());
            return new DmelExtractor(new ReferenceKernels(), tables, arena).bins(signal);
        }
    }

    private static int[] binsOf(final TeacherForcing.Sequence sequence) {
        return IntStream.range(0, sequence.audio() * MELS)
                .map(i -> OffHeap.getInt(sequence.bins() + i * (long) Integer.BYTES))
                .toArray();
    }

    private static int[] concatenated(final int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    @Test
    void shouldPairEveryFrameWithTheOneBefore() {
        final byte[][] frames = new byte[3][3 * PATCH * 4 * PATCH * 3];
        for (final byte[] frame : frames) {
            random.nextBytes(frame);
        }
        try (TurnMemory large = new TurnMemory(config, ids, 0, 36, ledger)) {
            final TrainingExample example = large.sequence(VIDEO, TokenWeights.EQUAL)
                    .add(MicroTurn.of(TurnInput.NOTHING.withFrame(frames[0]), QUIET))
                    .add(MicroTurn.of(TurnInput.NOTHING, QUIET))
                    .add(MicroTurn.of(TurnInput.NOTHING.withFrame(frames[1]).after(1), QUIET))
                    .add(MicroTurn.of(TurnInput.NOTHING.withFrame(frames[2]), QUIET))
                    .build();
            final int[] sequence = example.example().sequence().ids();
            assertEquals(36, Arrays.stream(sequence).filter(id -> id == IMAGE).count());
            assertEquals(2, Arrays.stream(sequence).filter(id -> id == NO_VIDEO).count());
            final int[][] pairs = {{0, 0}, {0, 1}, {1, 2}};
            for (int patch = 0; patch < 36; patch++) {
                for (int slot = 0; slot < 2; slot++) {
                    final byte[] frame = frames[pairs[patch / 12][slot]];
                    assertPatch(frame, patch % 12, example.example().sequence().pixels(), patch * 2 + slot);
                }
            }
        }
    }

    /** Channel means and deviations as MODEL.md 1.5 has them. */
    private static void assertPatch(final byte[] frame, final int patch, final long pixels, final int picture) {
        final double[] mean = {0.48145466, 0.4578275, 0.40821073};
        final double[] deviation = {0.26862954, 0.26130258, 0.27577711};
        for (int i = 0; i < PATCH * PATCH * 3; i++) {
            final int y = patch / 4 * PATCH + i / 3 / PATCH;
            final int x = patch % 4 * PATCH + i / 3 % PATCH;
            final int level = frame[(y * 4 * PATCH + x) * 3 + i % 3] & 0xFF;
            final float expected = (float) ((level / 255.0 - mean[i % 3]) / deviation[i % 3]);
            final long place = pixels + ((long) picture * PATCH * PATCH * 3 + i) * Float.BYTES;
            assertEquals(expected, OffHeap.getFloat(place), "picture " + picture + ", value " + i);
        }
    }

    @Test
    void shouldRefuseOutputsThatTheMachineForbids() {
        refusedOutput("at least <quiet>");
        refusedOutput("output 0, id 20, in START: expected <quiet>, <hear> or <speak>", 20, QUIET);
        refusedOutput("output 1, id 12, in HEAR: expected text, <speak> or <quiet>", HEAR, HEAR, QUIET);
        refusedOutput("output 2, id 12, in SPEAK: expected text or <quiet>", SPEAK, 20, HEAR, QUIET);
        refusedOutput("output 1, id 7, in HEAR", HEAR, SOUND, QUIET);
        refusedOutput("output 1, id 32, in HEAR", HEAR, 32, QUIET);
        refusedOutput("output 1, id -1, in HEAR", HEAR, -1, QUIET);
        refusedOutput("output 1, id 20, behind <quiet>", QUIET, 20);
        refusedOutput("ends with id 20: expected <quiet>, last", SPEAK, 20);
        refusedOutput("is <say>: expected no speech", SPEAK, 20, SAY);
        refusedOutput(
                "output 7, id 20, in HEAR behind 6 text ids: expected <quiet>, since text_out_max is 6",
                HEAR,
                20,
                20,
                20,
                20,
                20,
                20,
                20,
                QUIET);
        memory.sequence(0, TokenWeights.EQUAL)
                .add(MicroTurn.of(TurnInput.NOTHING, HEAR, 20, 20, 20, SPEAK, 20, 20, 20, QUIET));
    }

    private void refusedOutput(final String expected, final int... outputs) {
        refused(0, expected, MicroTurn.of(TurnInput.NOTHING, outputs));
    }

    /** A turn is refused in one line, and the sequence goes on as if nothing had been. */
    private void refused(final int modalities, final String expected, final MicroTurn turn) {
        memory.reset();
        final MicroTurn good = MicroTurn.of(TurnInput.NOTHING, QUIET);
        final MicroTurnSequence sequence =
                memory.sequence(modalities, TokenWeights.EQUAL).add(good);
        final int length = sequence.length();
        final IllegalArgumentException ex = assertThrows(IllegalArgumentException.class, () -> sequence.add(turn));
        assertTrue(ex.getMessage().startsWith("turn 1: "), ex.getMessage());
        assertTrue(ex.getMessage().contains(expected), ex.getMessage());
        assertFalse(ex.getMessage().contains("\n"), ex.getMessage());
        assertEquals(length, sequence.length());
        assertEquals(2, sequence.add(good).build().outputs());
    }

    @Test
    void shouldRefuseInputsThatASessionCannotHave() {
        final TurnInput none = TurnInput.NOTHING;
        final int all = AUDIO | VIDEO | TEXT;
        final float[] sound = new float[800];
        refusedInput(all, "6 skipped ticks", none.after(6));
        refusedInput(VIDEO | TEXT, "did not declare AUDIO", none.withBins(BINS, BINS, BINS, BINS));
        refusedInput(AUDIO | TEXT, "did not declare VIDEO", none.withFrame(new byte[3 * PATCH * 4 * PATCH * 3]));
        refusedInput(AUDIO | VIDEO, "did not declare TEXT", none.withText(20));
        refusedInput(all, "17 text ids: expected at most 16", none.withText(new int[17]));
        refusedInput(all, "text id 7:", none.withText(20, SOUND));
        refusedInput(all, "text id 32:", none.withText(32));
        refusedInput(all, "3 audio slots: expected 4", none.withBins(BINS, BINS, BINS));
        refusedInput(all, "slot 1 of 799 samples: expected 800", none.withSamples(sound, new float[799], null, null));
        refusedInput(all, "slot 0 of 4 bins: expected 5", none.withBins(new int[4], null, null, null));
        final int[] loud = {0, 3, 0, 0, 0};
        refusedInput(all, "bin 3 in audio slot 2: expected 0 to 2", none.withBins(null, null, loud, null));
        refusedInput(all, "a frame of 5 bytes: expected 1296", none.withFrame(new byte[5]));
        refusedInput(
                all,
                "slot 1 of samples behind one of bins",
                none.withAudio(
                        List.of(new AudioSlot.Bins(BINS), new AudioSlot.Samples(sound), AudioSlot.GAP, AudioSlot.GAP)));
    }

    private void refusedInput(final int modalities, final String expected, final TurnInput input) {
        refused(modalities, expected, MicroTurn.of(input, QUIET));
    }

    @Test
    void shouldRefuseWhatItsMemoryCannotHold() {
        final TurnInput heard = TurnInput.NOTHING.withBins(BINS, BINS, BINS, BINS);
        final MicroTurnSequence first = memory.sequence(AUDIO, TokenWeights.EQUAL);
        for (int i = 0; i < 2; i++) {
            first.add(MicroTurn.of(heard, QUIET));
        }
        final TrainingExample built = first.build();
        final MicroTurnSequence second = memory.sequence(AUDIO, TokenWeights.EQUAL);
        second.add(MicroTurn.of(TurnInput.NOTHING.withBins(null, BINS, BINS, null), QUIET));
        final IllegalArgumentException full =
                assertThrows(IllegalArgumentException.class, () -> second.add(MicroTurn.of(heard, QUIET)));
        assertTrue(full.getMessage().startsWith("turn 1: 14 audio positions"), full.getMessage());
        assertThrows(IllegalStateException.class, () -> first.add(MicroTurn.of(heard, QUIET)));
        final long bytes = 8L * MELS * Integer.BYTES;
        assertEquals(
                built.example().sequence().bins() + bytes,
                second.build().example().sequence().bins());
        memory.reset();
        assertThrows(IllegalStateException.class, second::build);
        final MicroTurnSequence empty = memory.sequence(AUDIO, TokenWeights.EQUAL);
        assertThrows(IllegalStateException.class, empty::build);
        assertEquals(
                built.example().sequence().bins(),
                empty.add(MicroTurn.of(heard, QUIET))
                        .build()
                        .example()
                        .sequence()
                        .bins());
    }

    @Test
    void shouldPackExamplesInOrder() {
        final List<TrainingExample> examples = IntStream.of(4, 5, 2, 6, 1, 1, 1)
                .mapToObj(length -> TrainingExample.nextTokens(new int[length + 1]))
                .toList();
        final List<List<TrainingExample>> batches =
                Packing.of(examples, new TrainingLimits(3, 12, 8, 10, 0, 0, 100, 0));
        assertEquals(examples, batches.stream().flatMap(List::stream).toList());
        // 5 + 6 positions; 3 + 7; then no more than 3 sequences
        assertEquals(List.of(2, 3, 2), batches.stream().map(List::size).toList());
        assertEquals(List.of(), Packing.of(List.of(), TrainingLimits.of(1, 1)));
        final IllegalArgumentException large =
                assertThrows(IllegalArgumentException.class, () -> Packing.of(examples, TrainingLimits.of(3, 6)));
        assertTrue(large.getMessage().startsWith("example 3 has 7 positions"), large.getMessage());
    }
}
