package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.tuning.MicroTurn;
import dev.tactus.engine.tuning.MicroTurnSequence;
import dev.tactus.engine.tuning.TokenWeights;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingLimits;
import dev.tactus.engine.tuning.TurnInput;
import dev.tactus.engine.tuning.TurnMemory;
import dev.tactus.scheduler.Modality;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.agrona.collections.IntArrayList;

/** Makes examples of episodes of text, as a session that listens to text alone has them. One thread. */
final class TextTurns implements AutoCloseable {
    private static final double LARGEST_WEIGHT = 1000;

    private final DataContext context;
    private final InteractionConfig ids;
    private final TokenWeights weights;
    private final TurnMemory memory;

    /** For the data in {@code fields}, of which {@code quiet_weight} is read. */
    TextTurns(final RecipeFields fields, final DataContext context) {
        this.context = context;
        ids = context.interaction(fields);
        final TokenWeights standard = TokenWeights.standard();
        weights = new TokenWeights(
                (float) fields.number("quiet_weight", standard.quiet(), 0, LARGEST_WEIGHT),
                standard.caption(),
                standard.speech(),
                standard.control());
        memory = new TurnMemory(context.model(), ids, 0, 0, context.ledger());
    }

    /** The micro-turn of the model. */
    InteractionConfig ids() {
        return ids;
    }

    /** Positions of an episode. */
    static int positions(final List<TextTick> ticks) {
        int positions = -1;
        for (final TextTick tick : ticks) {
            positions += 2 + marked(tick.in().length) + marked(tick.hear().length) + marked(tick.speak().length);
        }
        return positions;
    }

    /** Positions of so many ids of text with the token before them; without any, there is no token either. */
    static int marked(final int text) {
        return text == 0 ? 0 : 1 + text;
    }

    /** Text alone, seen as far as a session sees. */
    TrainingLimits limits() {
        final int positions = Math.multiplyExact(context.sequences(), context.positions());
        return new TrainingLimits(
                context.sequences(),
                positions,
                context.positions(),
                positions,
                0,
                0,
                ids.globalWindow(),
                ids.sinkPositions());
    }

    /** The batch of a step, of episodes by number. */
    List<TrainingExample> batch(final long step, final LongFunction<List<TextTick>> episodes) {
        memory.reset();
        final List<TrainingExample> batch = new ArrayList<>();
        for (int i = 0; i < context.sequences(); i++) {
            batch.add(example(episodes.apply(step * context.sequences() + i)));
        }
        return batch;
    }

    /** The example of an episode. */
    TrainingExample example(final List<TextTick> ticks) {
        final MicroTurnSequence sequence = memory.sequence(Modality.TEXT.bit(), weights);
        for (final TextTick tick : ticks) {
            sequence.add(MicroTurn.of(TurnInput.ofText(tick.in()), outputs(tick)));
        }
        return sequence.build();
    }

    private int[] outputs(final TextTick tick) {
        final IntArrayList outputs = new IntArrayList();
        add(outputs, ids.hearTokenId(), tick.hear());
        add(outputs, ids.speakTokenId(), tick.speak());
        outputs.addInt(ids.quietTokenId());
        return outputs.toIntArray();
    }

    private static void add(final IntArrayList outputs, final int mark, final int... text) {
        if (text.length > 0) {
            outputs.addInt(mark);
            for (final int id : text) {
                outputs.addInt(id);
            }
        }
    }

    /** Gives the memory back. */
    @Override
    public void close() {
        memory.close();
    }
}
