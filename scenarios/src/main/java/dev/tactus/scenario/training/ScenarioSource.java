package dev.tactus.scenario.training;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.audio.DmelBatch;
import dev.tactus.engine.audio.DmelTables;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.tuning.MicroTurn;
import dev.tactus.engine.tuning.MicroTurnSequence;
import dev.tactus.engine.tuning.TokenWeights;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingLimits;
import dev.tactus.engine.tuning.TurnMemory;
import dev.tactus.engine.tuning.recipe.DataContext;
import dev.tactus.engine.tuning.recipe.ExampleSource;
import dev.tactus.engine.tuning.recipe.RecipeFields;
import dev.tactus.engine.tuning.recipe.VoiceStatistics;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.vocoder.LogMelExtractor;
import dev.tactus.kernel.vocoder.VocoderTables;
import dev.tactus.memory.FreezableArena;
import dev.tactus.scenario.Draws;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.ScenarioGenerator;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scenario.speech.EspeakSpeech;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scheduler.Modality;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.agrona.CloseHelper;

/**
 * Episodes of a {@link ScenarioGenerator} as training data: the recipe's data of kind {@value #KIND}.
 *
 * <p>Episode i of batch s is that of a seed which Philox draws for number {@code s · sequences + i}, so any batch is
 * made without those before it, and the same on any number of threads. Its family is drawn by weight, or comes by
 * turns. A session declares sound and text, and video where the family has pictures. What exceeds the positions of a
 * sequence is cut off at a tick.
 */
public final class ScenarioSource implements ExampleSource {
    /** Its name in a recipe. */
    public static final String KIND = "scenario";

    private static final int PURPOSE = 0x5343454E;
    private static final int FILMED_PURPOSE = 0x46494C4D;

    private final DataContext context;
    private final ScenarioChoice choice;
    private final InteractionConfig ids;
    private final TokenWeights weights;
    private final VoiceBank bank;
    private final ScenarioGenerator generator;
    private final List<Family> families;
    private final int[] words;
    private final VoiceStatistics voice;
    private final FreezableArena arena;
    private final TurnMaker[] makers;
    private final TurnMemory memory;
    private final String fingerprint;

    private ScenarioSource(
            final RecipeFields fields,
            final DataContext context,
            final ScenarioChoice choice,
            final SpeechSource source) {
        this.context = context;
        this.choice = choice;
        ids = context.interaction(fields);
        requireRoom(fields);
        final TokenWeights standard = TokenWeights.standard();
        weights = new TokenWeights(choice.quietWeight(), standard.caption(), standard.speech(), standard.control());
        bank = new VoiceBank(source, choice.settings().split(), choice.voices(), SoundBudget.SHARED);
        generator = new ScenarioGenerator(choice.settings(), bank);
        families = choice.families();
        words = words(fields);
        arena = new FreezableArena(context.ledger());
        TurnMemory room = null;
        try {
            final boolean speaks = choice.settings().voice();
            final VocoderTables vocoder = speaks ? new VocoderTables(arena) : null;
            voice = speaks ? voice(fields, vocoder) : null;
            fingerprint = describe();
            makers = makers(vocoder);
            final TrainingLimits limits = limits();
            room = new TurnMemory(
                    context.model(), ids, limits.audio(), limits.patches(), limits.speech(), context.ledger());
            memory = room;
            arena.freeze();
        } catch (final RuntimeException | Error ex) {
            CloseHelper.closeAll(room, arena, bank);
            throw ex;
        }
    }

    /**
     * Opens the data that {@code fields} describe, spoken by espeak-ng; a
     * {@link dev.tactus.engine.tuning.recipe.DataKinds.Kind}.
     *
     * @throws dev.tactus.engine.tuning.recipe.RecipeException in one line when a field makes no sense, the model does
     *     not fit, or libespeak-ng is missing
     */
    public static ExampleSource open(final RecipeFields fields, final DataContext context) {
        try {
            return open(fields, context, new EspeakSpeech(0)); // the bank keeps what is worth it
        } catch (final NativeBindingException ex) {
            throw fields.invalid(
                    "kind", KIND + " where libespeak-ng cannot be used (" + ex.getMessage() + ')', "that with it");
        }
    }

    /** The same, spoken by another source. */
    static ScenarioSource open(final RecipeFields fields, final DataContext context, final SpeechSource source) {
        final InteractionConfig ids = context.interaction(fields);
        return new ScenarioSource(
                fields, context, ScenarioChoice.read(fields, ids.audioOut().isPresent()), source);
    }

    private void requireRoom(final RecipeFields fields) {
        if (ids.textOutMax() < Episode.TEXT_OUT_MAX || ids.textInMax() < Episode.TEXT_IN_MAX) {
            throw fields.invalid(
                    "kind",
                    KIND + " for a model of text_out_max " + ids.textOutMax() + " and text_in_max " + ids.textInMax(),
                    "at least " + Episode.TEXT_OUT_MAX + " and " + Episode.TEXT_IN_MAX);
        }
        if (context.positions() < mostOfFirstTurn()) {
            throw fields.invalid(
                    "kind",
                    KIND + " for batch.positions " + context.positions(),
                    "at least " + mostOfFirstTurn() + ", what the first tick of an episode may take");
        }
    }

    /** Ticks are never skipped before the first one, so it is a tick, all its inputs and outputs, and no more. */
    private int mostOfFirstTurn() {
        final int inputs = 1 + 1 + Episode.SLOTS_PER_TICK + 1 + Episode.TEXT_IN_MAX;
        final int frame = choice.sees() ? Math.max(1, ids.videoRows() * ids.videoCols()) : 0;
        final int outputs = 2 + Episode.TEXT_OUT_MAX + 1;
        return inputs + frame + outputs - 1 + (choice.settings().voice() ? MicroTurn.BLOCKS : 0);
    }

    /** The model's id of every word, by that of the scenarios. */
    private int[] words(final RecipeFields fields) {
        final int[] found = new int[Vocabulary.SIZE];
        Arrays.fill(found, -1);
        if (!context.tokenizer().isPresent()) {
            throw fields.invalid("kind", KIND + " for a model without tokenizer.json", "a model with one");
        }
        for (final String word : Vocabulary.all()) {
            final int[] encoded = context.encode(fields, "the words of the scenarios", word);
            if (encoded.length != 1
                    || !context.tokenizer().decode(encoded).strip().equals(word)) {
                throw fields.invalid(
                        "kind",
                        KIND + " for a tokenizer that makes " + encoded.length + " ids of \"" + word + '"',
                        "one that knows it as one id");
            }
            found[Vocabulary.id(word)] = encoded[0];
        }
        return found;
    }

    private VoiceStatistics voice(final RecipeFields fields, final VocoderTables tables) {
        final VoiceStatistics known = VoiceSurvey.read(fields, context.model(), context.ledger());
        return known != null ? known : VoiceSurvey.measure(bank, new LogMelExtractor(tables, arena));
    }

    private TurnMaker[] makers(final VocoderTables vocoder) {
        final KernelSet kernels =
                Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set();
        final DmelTables tables = new DmelTables(
                arena, context.model().audio().mels(), context.model().audio().levels());
        final TurnMaker[] made = new TurnMaker[context.crew().workers()];
        for (int i = 0; i < made.length; i++) {
            made[i] = new TurnMaker(
                    context.model(),
                    ids,
                    id -> words[id],
                    voice,
                    new DmelBatch(kernels, tables, arena),
                    vocoder == null ? null : new LogMelExtractor(vocoder, arena),
                    arena);
        }
        return made;
    }

    @Override
    public TrainingLimits limits() {
        final int positions = Math.multiplyExact(context.sequences(), context.positions());
        final long ticks = (long) context.sequences() * choice.mostTicks();
        final long patches = choice.sees() ? ticks * ids.videoRows() * ids.videoCols() : 0;
        final long slots = ticks * Episode.SLOTS_PER_TICK;
        return new TrainingLimits(
                context.sequences(),
                positions,
                context.positions(),
                positions,
                (int) Math.min(positions, slots),
                (int) Math.min(positions, patches),
                ids.globalWindow(),
                ids.sinkPositions(),
                choice.settings().voice() ? (int) Math.min(positions, slots) : 0);
    }

    @Override
    public List<TrainingExample> batch(final long step) {
        final List<List<MicroTurn>> turns = new ArrayList<>();
        for (int i = 0; i < context.sequences(); i++) {
            turns.add(List.of());
        }
        context.crew()
                .forEach(
                        context.sequences(),
                        (worker, i) -> turns.set(i, makers[worker].turns(episode(step * context.sequences() + i))));
        memory.reset();
        final List<TrainingExample> batch = new ArrayList<>();
        for (int i = 0; i < turns.size(); i++) {
            batch.add(example(turns.get(i), isFilmed(step * context.sequences() + i)));
        }
        return batch;
    }

    /** The example of an episode, as far as it fits. */
    private TrainingExample example(final List<MicroTurn> turns, final boolean sees) {
        final int heard = Modality.AUDIO.bit() | Modality.TEXT.bit();
        final MicroTurnSequence sequence = memory.sequence(sees ? heard | Modality.VIDEO.bit() : heard, weights);
        for (final MicroTurn turn : turns) {
            if (sequence.length() + sequence.positionsOf(turn) > context.positions()) {
                break;
            }
            sequence.add(turn);
        }
        return sequence.build();
    }

    /** The episode of a number. */
    Episode episode(final long number) {
        return generator.episode(family(number), seed(number), isFilmed(number));
    }

    /** Whether the episode of a number has pictures. */
    private boolean isFilmed(final long number) {
        if (family(number).hasVideo()) {
            return true;
        }
        final long batch = Math.floorDiv(number, (long) context.sequences());
        return choice.filmed() > 0
                && batch >= choice.filmedFrom()
                && new Draws(seed(number), FILMED_PURPOSE).chance(choice.filmed());
    }

    private Family family(final long number) {
        return choice.byTurns()
                ? families.get((int) Math.floorMod(number, (long) families.size()))
                : generator.family(seed(number));
    }

    private long seed(final long number) {
        final int low = Philox.word(context.seed(), (int) number, (int) (number >>> Integer.SIZE), 0, PURPOSE, 0);
        final int high = Philox.word(context.seed(), (int) number, (int) (number >>> Integer.SIZE), 0, PURPOSE, 1);
        return (long) high << Integer.SIZE | Integer.toUnsignedLong(low);
    }

    @Override
    public List<String> sorts(final long step) {
        final List<String> sorts = new ArrayList<>();
        for (int i = 0; i < context.sequences(); i++) {
            sorts.add(ScenarioChoice.name(family(step * context.sequences() + i)));
        }
        return sorts;
    }

    @Override
    public float speechFactor() {
        return choice.settings().voice() ? choice.speechFactor() : 0;
    }

    @Override
    public Optional<VoiceStatistics> voice() {
        return Optional.ofNullable(voice);
    }

    /** Names the families, and has a sum of words, voice and a few utterances: another espeak-ng speaks otherwise. */
    @Override
    public String fingerprint() {
        return fingerprint;
    }

    private String describe() {
        final CRC32C sum = new CRC32C();
        sum.update(Arrays.toString(words).getBytes(StandardCharsets.UTF_8));
        if (voice != null) {
            sum.update(Arrays.toString(voice.mean()).getBytes(StandardCharsets.UTF_8));
            sum.update(Arrays.toString(voice.deviation()).getBytes(StandardCharsets.UTF_8));
        }
        final String names =
                String.join(" ", families.stream().map(ScenarioChoice::name).toList());
        return "scenarios of " + names + ", " + choice.voices() + " voices of "
                + ScenarioChoice.name(choice.settings().split()) + ", " + Long.toHexString(sum.getValue())
                + ", speech " + Long.toHexString(bank.sum());
    }

    @Override
    public long heapBytes() {
        return SoundBudget.SHARED.most();
    }

    /** Gives the memory back. */
    @Override
    public void close() {
        CloseHelper.closeAll(memory, arena, bank);
    }
}
