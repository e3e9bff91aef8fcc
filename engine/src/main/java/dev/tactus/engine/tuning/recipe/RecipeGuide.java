package dev.tactus.engine.tuning.recipe;

import java.util.List;

/** What the fields of a recipe mean, for people who write one. */
public final class RecipeGuide {
    /**
     * A field.
     *
     * @param path its name, with the objects it stands in
     * @param allowed what may stand there, and what counts where nothing does
     * @param meaning in a sentence
     */
    public record Field(String path, String allowed, String meaning) {}

    private static final List<Field> FIELDS = List.of(
            field("model", "folder, or object", "the model to start from, whose weights are loaded; or a new one:"),
            field("model.config", "object, or folder", "of a new model: its config.json, or a folder with one"),
            field("model.init", "integer; 0", "of a new model: the seed of its weights"),
            field("model.hears, .sees", "true, false; false", "of a new model: whether it has these encoders"),
            field(
                    "tokenizer",
                    "file, or object; none",
                    "of a new model: a tokenizer.json, or {\"words\": […]} for one of whole words"),
            field(
                    "data.kind",
                    "made, episodes, text, scenario",
                    "where the examples come from; paths are from the recipe's folder"),
            field(
                    "data.file",
                    "file",
                    "episodes: JSON lines {\"ticks\": [{\"in\": …, \"hear\": …, \"speak\": …}, {}]};"
                            + " text: plain, or JSON lines {\"text\": …}"),
            field("data.format", "plain, jsonl; plain", "of text"),
            field("data.task", "reply, echo", "of made: answer calls, or say again what was written"),
            field("data.pairs", "object of texts", "of reply: each call with its answer"),
            field("data.ignored", "texts; none", "of reply: calls that get no answer"),
            field("data.words", "texts", "of echo: words of one id that the user writes"),
            field("data.length", "[low, high]; [1, 1]", "of echo: words at once"),
            field("data.ticks", "[low, high]; [8, 16]", "of made: ticks of an episode"),
            field("data.rate", "0.001 to 1; 0.3", "of made: how likely a free tick is to have a call"),
            field("data.delay", "0 to 64; 1", "of made: ticks between a call and its answer"),
            field("data.quiet_weight", "0 to 1000; 0.5", "of all but text: what an output of <quiet> counts"),
            field("data.caption", "true, false; false", "of made: the model also captions each call"),
            field(
                    "data.families",
                    "object of numbers; a mixture",
                    "of scenario: how often each is drawn, in proportion: captions, hesitation, answer, interruption,"
                            + " backchannel, correction, flashes, crossing, timed, silence, tour"),
            field("data.by_turns", "true, false; false", "of scenario: families by turns instead of drawn"),
            field("data.split", "train, held_out_voices, unseen_accent; train", "of scenario: whose voices are heard"),
            field("data.voices", "1 to 4096; 400", "of scenario: how many users there are"),
            field("data.ticks", "60 to 18000; 65", "of scenario: ticks of an episode; what exceeds the batch is cut"),
            field("data.silence_ticks", "60 to 18000; as ticks", "of scenario: ticks of an episode of silence"),
            field("data.whole_phrases", "0 to 1; 0.3", "of scenario: episodes with phrases spoken in one go"),
            field(
                    "data.filmed",
                    "0 to 1; 0",
                    "of scenario: episodes with nothing to see that have pictures all the same"),
            field("data.filmed_from", "0 or more; 0", "of scenario: the first batch with such episodes"),
            field("data.own_voice", "0 to 1; 0.02", "of scenario: turns said in the model's own voice"),
            field("data.faults", "0 to 1; 0.15", "of scenario: episodes in which something goes wrong"),
            field("data.acoustics", "varied, clean; varied", "of scenario: noise, rooms and microphones, or none"),
            field(
                    "data.voice",
                    "true, false; whether the model has one",
                    "of scenario: the model speaks its answers, not only writes them"),
            field("data.speech_factor", "0.001 to 1000; 0.5", "of scenario: what a block of speech counts"),
            field(
                    "loss",
                    "name, or object; cross_entropy",
                    "with options: {\"name\": \"ppo\", \"low\": 0.8, \"high\": 1.2}, {\"name\": \"dro\", \"beta\":"
                            + " 0.1}; policy losses need data that a sampler drew"),
            field("batch.sequences", "1 to 4096", "sequences of a batch"),
            field("batch.positions", "2 to 1048576", "most positions of a sequence"),
            field("accumulate", "1 to 65536; 1", "batches whose gradients make one step"),
            field("steps", "1 to 100000000", "steps of the optimiser"),
            field("adam.beta1, .beta2", "0 to below 1; 0.9, 0.98", "decay of the moments"),
            field("adam.epsilon", "1e-30 to 0.1; 1e-8", "added to the root of the second moment"),
            field("adam.weight_decay", "0 to 1; 0.05", "of matrices, times the rate"),
            field("adam.clip", "1e-30 to 1e18; 1", "largest global norm of the gradients"),
            field("learning_rate.peak", "0 to 1000", "the highest rate"),
            field("learning_rate.warm_up", "steps; 30", "from 0 up to the peak"),
            field("learning_rate.constant", "0 to 1; 0.3", "share of the steps before it falls along a cosine"),
            field("learning_rate.floor", "0 to 1; 0.03", "the last rate as a share of the peak"),
            field("seed", "integer; 0", "of the data's draws and order"),
            field("lora.rank", "1 to 4096; 8", "train an adapter of this rank beside the model, which stays as it is"),
            field("lora.alpha", "above 0; the rank", "the adapter's scale times the rank"),
            field("lora.rank_stabilised", "true, false; false", "the scale is alpha / √rank"),
            field("lora.groups", "attention, mlp, unembedding", "matrices it stands beside; attention and mlp"),
            field("lora.init", "kaiming, gaussian; kaiming", "what its first factors start with; the others are 0"),
            field("lora.seed", "integer; 0", "of its first factors"),
            field("lora.from", "folder", "go on with this adapter instead of a new one; no other field beside it"),
            field("checkpoint.every", "steps; 500", "between two checkpoints"),
            field("checkpoint.keep", "1 or more; 2", "newest checkpoints that stay"),
            field("evaluate.every", "steps", "between two evaluations; there is one behind the last step, too"),
            field(
                    "evaluate.data",
                    "as data, or same; none",
                    "held-out data, whose loss is measured; same: fields as in data, but draws of their own"),
            field("evaluate.batches", "1 or more; 4", "of these data, always the same"),
            field(
                    "evaluate.command",
                    "texts; none",
                    "a program and its arguments, {checkpoint} and {step} put in; what it prints goes to evaluate/"),
            field(
                    "expect.loss_at_most",
                    "number; none",
                    "exit with 1 when the loss of the held-out data (else the smoothed one) is higher in the end"),
            field(
                    "export.matrices",
                    "float32, bfloat16; float32",
                    "type of the new model's matrices; the rest is float32"),
            field("out", "folder", "where the results go, if the command does not say"));

    private RecipeGuide() {}

    private static Field field(final String path, final String allowed, final String meaning) {
        return new Field(path, allowed, meaning);
    }

    /** All fields, in the order in which a recipe has them. */
    public static List<Field> fields() {
        return FIELDS;
    }
}
