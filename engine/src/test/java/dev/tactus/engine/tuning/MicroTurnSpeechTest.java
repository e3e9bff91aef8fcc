package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.AudioOutConfig;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.Modality;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Turns that end in speech, against MODEL.md 2.2 to 2.4 written out by hand. */
class MicroTurnSpeechTest {
    private static final int AUDIO = Modality.AUDIO.bit();
    private static final int TICK = 1;
    private static final int QUIET = 2;
    private static final int SPEAK = 3;
    private static final int SAY = 8;
    private static final int NO_AUDIO = 9;
    private static final int HEAR = 12;
    private static final int CUT = 13;
    private static final int BLOCK = TeacherForcing.Sequence.SPEECH;
    private static final int ELEMENTS = 10;

    @TempDir
    Path directory;

    private final MemoryLedger ledger = new MemoryLedger();
    private ModelConfig config;
    private InteractionConfig ids;
    private TurnMemory memory;

    @BeforeEach
    void open() throws IOException {
        new TinyTask(directory, ledger, 1);
        config = ModelConfig.read(directory);
        ids = InteractionConfig.defaults().withAudioOut(Optional.of(new AudioOutConfig(5, 2, 4, 8, 1, 4)));
        memory = new TurnMemory(config, ids, 0, 0, 16, ledger);
    }

    @AfterEach
    void shouldHaveFreedAllMemory() {
        memory.close();
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    /** Four blocks; element i of block b is {@code first + b + i / 100}. */
    private static float[] speech(final int first) {
        final float[] blocks = new float[MicroTurn.BLOCKS * ELEMENTS];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = first + i / ELEMENTS + i % ELEMENTS / 100f;
        }
        return blocks;
    }

    private static void assertBlocks(final TrainingExample example, final int... firsts) {
        final TeacherForcing.Sequence sequence = example.example().sequence();
        assertEquals(firsts.length, sequence.blocks());
        for (int i = 0; i < firsts.length * ELEMENTS; i++) {
            final float expected = firsts[i / ELEMENTS] + i % ELEMENTS / 100f;
            assertEquals(expected, OffHeap.getFloat(sequence.speech() + (long) i * Float.BYTES), "element " + i);
        }
    }

    @Test
    void shouldFeedTheFourthBlockBackInTheNextTick() {
        final MicroTurnSequence sequence = memory.sequence(AUDIO, new TokenWeights(0.5f, 2f, 3f, 5f))
                .add(MicroTurn.of(TurnInput.NOTHING, SPEAK, 20, SAY).withSpeech(speech(10)))
                .add(new MicroTurn(TurnInput.NOTHING, new int[] {HEAR, 21, SAY}, 2f, speech(20)))
                .add(MicroTurn.of(TurnInput.NOTHING, SAY).withSpeech(speech(30)))
                .add(MicroTurn.of(TurnInput.NOTHING.withCut(), QUIET));
        final TrainingExample example = sequence.build();
        assertArrayEquals(
                new int[] {
                    TICK, NO_AUDIO, SPEAK, 20, SAY, BLOCK, BLOCK, BLOCK, BLOCK, TICK, NO_AUDIO, HEAR, 21, SAY, BLOCK,
                    BLOCK, BLOCK, BLOCK, TICK, NO_AUDIO, SAY, BLOCK, BLOCK, BLOCK, BLOCK, TICK, CUT, NO_AUDIO
                },
                example.example().sequence().ids());
        assertArrayEquals(
                new int[] {1, 2, 3, 10, 11, 12, 19, 27}, example.example().outputs());
        assertArrayEquals(new int[] {SPEAK, 20, SAY, HEAR, 21, SAY, SAY, QUIET}, example.targets());
        assertArrayEquals(new float[] {5, 3, 5, 10, 4, 10, 5, 0.5f}, example.weights());
        assertBlocks(example, 10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33);
        assertArrayEquals(new float[] {1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1}, example.speechWeights());
    }

    @Test
    void shouldLeaveOutTheBlockThatNoTickFeedsBack() {
        final MicroTurn spoken = MicroTurn.of(TurnInput.NOTHING, SPEAK, SAY).withSpeech(speech(10));
        final TrainingExample first =
                memory.sequence(0, TokenWeights.EQUAL).add(spoken).build();
        assertBlocks(first, 10, 11, 12);
        final TrainingExample second = memory.sequence(0, TokenWeights.EQUAL)
                .add(MicroTurn.of(TurnInput.NOTHING, QUIET))
                .add(spoken)
                .build();
        assertBlocks(second, 10, 11, 12);
        assertEquals(
                first.example().sequence().speech() + 3L * ELEMENTS * Float.BYTES,
                second.example().sequence().speech());
        memory.reset();
        final TrainingExample silent = memory.sequence(0, TokenWeights.EQUAL)
                .add(MicroTurn.of(TurnInput.NOTHING, QUIET))
                .build();
        assertEquals(0, silent.example().sequence().blocks());
        assertEquals(0, silent.speechWeights().length);
    }

    @Test
    void shouldTellHowManyPositionsATurnTakes() {
        final MicroTurnSequence sequence = memory.sequence(AUDIO | Modality.TEXT.bit(), TokenWeights.EQUAL);
        final List<MicroTurn> turns = List.of(
                MicroTurn.of(TurnInput.ofText(20, 21), SPEAK, 20, SAY).withSpeech(speech(1)),
                MicroTurn.of(TurnInput.NOTHING.withCut(), SAY).withSpeech(speech(2)),
                MicroTurn.of(TurnInput.NOTHING.after(2), HEAR, 20, QUIET),
                MicroTurn.of(TurnInput.NOTHING, QUIET));
        for (final MicroTurn turn : turns) {
            final int expected = sequence.length() + sequence.positionsOf(turn);
            assertEquals(expected, sequence.add(turn).length());
        }
    }

    @Test
    void shouldRefuseSpeechThatTheMachineForbids() {
        final float[] four = speech(0);
        refused(
                "id 8, in START: expected <quiet>, <hear> or <speak>",
                false,
                MicroTurn.of(TurnInput.NOTHING, SAY).withSpeech(four));
        refused(
                "id 8, in HEAR: expected text, <speak> or <quiet>",
                false,
                MicroTurn.of(TurnInput.NOTHING, HEAR, SAY).withSpeech(four));
        // a tick that was skipped was a quiet one
        refused(
                "id 8, in START: expected <quiet>, <hear> or <speak>",
                true,
                MicroTurn.of(TurnInput.NOTHING.after(1), SAY).withSpeech(four));
        refused(
                "id 20, in START: expected <quiet>, <hear> or <speak>, or <say>",
                true,
                MicroTurn.of(TurnInput.NOTHING, 20, QUIET));
        refused("behind <say>: expected nothing", true, MicroTurn.of(TurnInput.NOTHING, SAY, QUIET));
        refused("speech of 0 elements behind <say>: expected 40", true, MicroTurn.of(TurnInput.NOTHING, SAY));
        refused(
                "speech of 10 elements behind <say>",
                true,
                MicroTurn.of(TurnInput.NOTHING, SAY).withSpeech(new float[ELEMENTS]));
        refused(
                "speech of 40 elements behind <quiet>: expected none",
                true,
                MicroTurn.of(TurnInput.NOTHING, QUIET).withSpeech(four));
        final float[] bad = speech(0);
        bad[7] = Float.NaN;
        refused(
                "element 7 of the speech is NaN",
                true,
                MicroTurn.of(TurnInput.NOTHING, SAY).withSpeech(bad));
    }

    private void refused(final String expected, final boolean talking, final MicroTurn turn) {
        memory.reset();
        final MicroTurn before = talking
                ? MicroTurn.of(TurnInput.NOTHING, SPEAK, SAY).withSpeech(speech(5))
                : MicroTurn.of(TurnInput.NOTHING, QUIET);
        final MicroTurnSequence sequence =
                memory.sequence(0, TokenWeights.EQUAL).add(before);
        final int length = sequence.length();
        final IllegalArgumentException ex = assertThrows(IllegalArgumentException.class, () -> sequence.add(turn));
        assertTrue(ex.getMessage().startsWith("turn 1: "), ex.getMessage());
        assertTrue(ex.getMessage().contains(expected), ex.getMessage());
        assertFalse(ex.getMessage().contains("\n"), ex.getMessage());
        assertEquals(length, sequence.length());
    }

    @Test
    void shouldRefuseMoreSpeechThanItsMemoryAndATrainerHold() {
        final MicroTurn spoken = MicroTurn.of(TurnInput.NOTHING, SPEAK, SAY).withSpeech(speech(0));
        final MicroTurnSequence sequence = memory.sequence(0, TokenWeights.EQUAL);
        for (int i = 0; i < 4; i++) {
            sequence.add(spoken);
        }
        final IllegalArgumentException full = assertThrows(IllegalArgumentException.class, () -> sequence.add(spoken));
        assertTrue(full.getMessage().contains("19 blocks of speech"), full.getMessage());
        final TrainingExample example = sequence.build();
        final TrainingLimits limits = new TrainingLimits(2, 100, 50, 100, 0, 0, 100, 0).withSpeech(30);
        assertEquals(
                2,
                Packing.of(List.of(example, example, example), limits.withSpeech(30))
                        .size());
        assertEquals(
                3,
                Packing.of(List.of(example, example, example), limits.withSpeech(29))
                        .size());
        assertThrows(IllegalArgumentException.class, () -> Packing.of(List.of(example), limits.withSpeech(14)));
    }
}
