package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every mask and every transition against the grammar of MODEL.md 2.3, written down here a second time. */
class OutputMachineTest {
    private static final List<Integer> STATES = List.of(OutputMachine.START, OutputMachine.HEAR, OutputMachine.SPEAK);
    private static final List<Boolean> BOTH = List.of(false, true);

    private final ModelConfig model = ModelConfig.read(GoldenModels.path("multimodal-moe"));
    private final InteractionConfig ids = InteractionConfig.resolve("default", model);
    private final FreezableArena arena = new FreezableArena(new MemoryLedger());

    @AfterEach
    void close() {
        arena.close();
    }

    private OutputMachine machine(final boolean voice) {
        return new OutputMachine(model, ids, voice, arena);
    }

    private Set<Integer> allowed(final OutputMachine machine, final long mask) {
        final Set<Integer> result = new TreeSet<>();
        for (int id = 0; id < machine.words() * Long.SIZE; id++) {
            if ((OffHeap.getLong(mask + (id >> 6) * 8L) >>> (id & 63) & 1) != 0) {
                result.add(id);
            }
        }
        return result;
    }

    private Set<Integer> text() {
        final Set<Integer> text = new TreeSet<>();
        for (int id = 0; id < model.text().unpaddedVocab(); id++) {
            text.add(id);
        }
        text.removeAll(ids.controlIds().values());
        text.removeAll(model.placeholderIds());
        return text;
    }

    private Set<Integer> expected(
            final int state, final boolean talking, final boolean spent, final int policy, final boolean voice) {
        final Set<Integer> free = new TreeSet<>(Set.of(ids.quietTokenId()));
        if (state == OutputMachine.START) {
            free.addAll(Set.of(ids.hearTokenId(), ids.speakTokenId()));
        } else {
            free.addAll(text());
        }
        if (state == OutputMachine.HEAR) {
            free.add(ids.speakTokenId());
        }
        if (state == OutputMachine.SPEAK || talking) {
            free.add(ids.sayTokenId());
        }
        if (spent) {
            free.retainAll(Set.of(ids.quietTokenId(), ids.sayTokenId()));
        }
        if (!voice) {
            free.remove(ids.sayTokenId());
        }
        if (policy == OutputMachine.MUTED) {
            free.removeAll(Set.of(ids.speakTokenId(), ids.sayTokenId()));
        }
        return policy == OutputMachine.HELD ? Set.of(ids.quietTokenId()) : free;
    }

    @Test
    void shouldAllowWhatTheGrammarAllowsAndNothingElse() {
        for (final boolean voice : BOTH) {
            final OutputMachine machine = machine(voice);
            for (final int state : STATES) {
                for (final boolean talking : BOTH) {
                    for (final boolean spent : BOTH) {
                        for (int policy = OutputMachine.FREE; policy <= OutputMachine.HELD; policy++) {
                            assertEquals(
                                    expected(state, talking, spent, policy, voice),
                                    allowed(machine, machine.mask(state, talking, spent, policy)),
                                    String.format(
                                            "state %d, talking %b, spent %b, policy %d, voice %b",
                                            state, talking, spent, policy, voice));
                        }
                    }
                }
            }
        }
    }

    @Test
    void shouldMoveAsTheGrammarMoves() {
        final OutputMachine machine = machine(true);
        for (final int state : STATES) {
            for (int id = 0; id < model.text().unpaddedVocab(); id++) {
                final int next;
                if (id == ids.quietTokenId()) {
                    next = OutputMachine.END;
                } else if (id == ids.hearTokenId()) {
                    next = OutputMachine.HEAR;
                } else if (id == ids.speakTokenId()) {
                    next = OutputMachine.SPEAK;
                } else {
                    next = id == ids.sayTokenId() ? OutputMachine.SAY : state;
                }
                assertEquals(next, machine.next(state, id), "state " + state + ", id " + id);
            }
        }
    }

    @Test
    void shouldKnowItsControlTokensFromText() {
        final OutputMachine machine = machine(true);
        for (int id = 0; id < model.text().unpaddedVocab(); id++) {
            assertEquals(ids.controlIds().containsValue(id), machine.isControl(id), "id " + id);
        }
    }

    /** Draws at random until the tick ends; returns the states the ids were drawn in, then where it ended. */
    private List<Integer> walk(
            final OutputMachine machine,
            final Random random,
            final boolean talking,
            final int policy,
            final int budget) {
        final List<Integer> states = new ArrayList<>();
        int state = OutputMachine.START;
        int text = 0;
        while (state != OutputMachine.END && state != OutputMachine.SAY) {
            states.add(state);
            final long mask = machine.mask(state, talking, text >= budget, policy);
            final List<Integer> choices = new ArrayList<>(allowed(machine, mask));
            // controls are rare among some hundred ids: draw them as often as text
            choices.removeIf(id -> !machine.isControl(id) && random.nextInt(choices.size()) > 4 && choices.size() > 20);
            final int id = choices.get(random.nextInt(choices.size()));
            text += machine.isControl(id) ? 0 : 1;
            state = machine.next(state, id);
        }
        assertTrue(text <= budget, text + " text ids with a budget of " + budget);
        states.add(state);
        return states;
    }

    @Test
    void shouldEndEveryTickWithinItsMostPositions() {
        final long seed = 20;
        final Random random = new Random(seed);
        final OutputMachine machine = machine(true);
        final int blocks = 4;
        int longest = 0;
        for (int i = 0; i < 20_000; i++) {
            final int policy = random.nextInt(3);
            final List<Integer> states = walk(machine, random, random.nextBoolean(), policy, ids.textOutMax());
            final boolean says = states.get(states.size() - 1) == OutputMachine.SAY;
            final int positions = states.size() - 1 + (says ? blocks : 0);
            longest = Math.max(longest, positions);
            if (policy == OutputMachine.HELD) {
                assertEquals(List.of(OutputMachine.START, OutputMachine.END), states);
            }
            if (policy == OutputMachine.MUTED) {
                assertTrue(!states.contains(OutputMachine.SPEAK) && !says, "muted, yet " + states);
            }
        }
        assertEquals(OutputMachine.maxOutputs(ids), longest, "seed " + seed);
        assertEquals(13, OutputMachine.maxOutputs(ids), "MODEL.md 2.3 with the defaults");
    }

    @Test
    void shouldBeQuietAtOnceWithoutABudget() {
        final OutputMachine machine = machine(false);
        final List<Integer> states = walk(machine, new Random(1), false, OutputMachine.FREE, 0);
        assertEquals(List.of(OutputMachine.START, OutputMachine.END), states);
    }
}
