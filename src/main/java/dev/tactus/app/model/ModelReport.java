package dev.tactus.app.model;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Table;
import dev.tactus.app.cli.Units;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.MemoryPlan;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.ModelTensors;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.memory.MemoryLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code tactus model inspect} prints. */
public final class ModelReport {
    private static final int MOST_NAMES = 8;
    private static final double TICK_SECONDS = EngineContext.PERIOD_NS / 1e9;

    private final Path directory;
    private final LoadedModel model;
    private final Checkpoint checkpoint;
    private final int sessions;
    private final List<String> lines = new ArrayList<>();

    private ModelReport(
            final Path directory, final LoadedModel model, final Checkpoint checkpoint, final int sessions) {
        this.directory = directory;
        this.model = model;
        this.checkpoint = checkpoint;
        this.sessions = sessions;
    }

    /**
     * The report about the model in {@code directory}.
     *
     * @param interaction file, {@code default}, or null for the model's own or, failing that, the default
     * @param sessions at a time, for the memory of an engine
     * @throws InvalidModelException when the model cannot be used, or the interaction does not fit it
     */
    public static List<String> lines(final Path directory, final String interaction, final int sessions) {
        final MemoryLedger ledger = new MemoryLedger();
        // the second mapping is for the types and sizes as they are in the file
        try (LoadedModel model = LoadedModel.open(directory, ledger);
                Checkpoint checkpoint = Checkpoint.open(directory, ledger)) {
            final ModelReport report = new ModelReport(directory, model, checkpoint, sessions);
            report.head();
            report.parts();
            report.layers();
            report.engine(interaction, ledger);
            report.missing();
            return report.lines;
        }
    }

    private void head() {
        final TextConfig text = model.config().text();
        lines.add(directory + ": " + Units.exact(model.weights().parameters()) + " parameters, "
                + Units.bytes(checkpoint.bytes()) + " in "
                + Units.plural(checkpoint.files().size(), "file"));
        final Table table = new Table("ll");
        table.row("width", Units.exact(text.hidden()));
        table.row(
                "vocabulary",
                Units.exact(text.vocab()) + ", of which " + Units.exact(text.unpaddedVocab()) + " can be put out");
        table.row("hears", yes(model.weights().audio().isPresent(), "no model.audio tensors"));
        table.row("sees", yes(model.weights().vision().isPresent(), "no model.visual tensors"));
        final boolean tokenizer = Files.exists(directory.resolve(TextTokenizer.FILE_NAME));
        table.row("reads", yes(tokenizer, "no " + TextTokenizer.FILE_NAME));
        table.row("writes", tokenizer ? "yes" : "ids only");
        table.row("speaks", speaks());
        lines.addAll(table.lines("  "));
    }

    private String speaks() {
        if (model.weights().voice().isPresent()) {
            return "yes";
        }
        return skipsAVoice() ? "no (no audio_out in interaction_config)" : "no (no model.audio_out tensors)";
    }

    private boolean skipsAVoice() {
        return model.weights().tensors().skipped().stream().anyMatch(name -> name.startsWith(VoiceTensors.PREFIX));
    }

    private static String yes(final boolean present, final String lack) {
        return present ? "yes" : "no (" + lack + ")";
    }

    private void parts() {
        final Map<String, long[]> parts = new LinkedHashMap<>();
        for (final TensorSpec spec : model.weights().tensors().expected()) {
            final long[] sums = parts.computeIfAbsent(part(spec.name()), name -> new long[3]);
            sums[0]++;
            sums[1] += spec.elements();
            sums[2] += checkpoint.tensor(spec.name()).data().byteSize();
        }
        final Table table = new Table("lrrr");
        table.row("part", "tensors", "parameters", "bytes");
        final long[] total = new long[3];
        parts.forEach((name, sums) -> {
            table.row(name, Units.exact(sums[0]), Units.exact(sums[1]), Units.exact(sums[2]));
            for (int i = 0; i < total.length; i++) {
                total[i] += sums[i];
            }
        });
        table.row("total", Units.exact(total[0]), Units.exact(total[1]), Units.exact(total[2]));
        section("", table);
    }

    private static String part(final String name) {
        if (name.startsWith("model.audio.")) {
            return "audio encoder";
        }
        if (name.startsWith("model.visual.")) {
            return "image encoder";
        }
        if (name.startsWith(VoiceTensors.PREFIX)) {
            final boolean flow = name.startsWith(VoiceTensors.PREFIX + "flow.");
            return flow ? "voice: flow head" : "voice: encoder, mel statistics";
        }
        if (!name.startsWith("model.llm.layers.")) {
            return name.contains("unembed") ? "unembedding" : name.contains("embed") ? "embedding" : "norms";
        }
        if (name.contains("experts.")) {
            return "experts";
        }
        if (name.contains(".mlp.")) {
            return name.contains(".gate.") ? "router" : "MLP";
        }
        return name.contains(".attn.") ? "attention" : "norms";
    }

    private void layers() {
        final Map<LayerConfig, List<Integer>> kinds = new LinkedHashMap<>();
        for (final LayerConfig layer : model.config().text().layers()) {
            final LayerConfig kind = new LayerConfig(
                    0, layer.local(), layer.dense(), layer.heads(), layer.kvHeads(), layer.headDim(), layer.extent());
            kinds.computeIfAbsent(kind, key -> new ArrayList<>()).add(layer.index());
        }
        final TextConfig text = model.config().text();
        final Table table = new Table("llrrrrl");
        table.row("layers", "attention", "heads", "kv", "D", "bias", "MLP");
        kinds.forEach((kind, indices) -> table.row(
                SizeTable.ranges(indices.stream().mapToInt(Integer::intValue).toArray()),
                kind.local() ? "local, " + text.window() : "global",
                Integer.toString(kind.heads()),
                Integer.toString(kind.kvHeads()),
                Integer.toString(kind.headDim()),
                Integer.toString(kind.extent()),
                mlp(text, kind.dense())));
        section("", table);
    }

    private static String mlp(final TextConfig text, final boolean dense) {
        return dense
                ? "dense, " + text.denseIntermediate()
                : text.expertsPerToken() + " of " + text.routedExperts() + " experts"
                        + (text.sharedExperts() > 0 ? " and " + text.sharedExperts() + " shared" : "") + ", "
                        + text.moeIntermediate();
    }

    private void engine(final String option, final MemoryLedger ledger) {
        final ModelConfig config = model.config();
        final InteractionConfig interaction;
        try {
            interaction = InteractionConfig.resolve(
                    option == null && config.interaction().isEmpty() ? "default" : option, config);
        } catch (final InvalidModelException ex) {
            if (option != null) {
                throw ex;
            }
            lines.add("");
            lines.add("no session without an interaction_config: " + ex.getMessage());
            return;
        }
        final EngineContext context;
        try {
            context = new EngineContext()
                    .model(model)
                    .interaction(interaction)
                    .maxSessions(sessions)
                    .ledger(ledger)
                    .conclude();
        } catch (final IllegalArgumentException ex) {
            throw new BadInputException(ex.getMessage(), ex);
        }
        final Table table = new Table("ll");
        table.row(
                "state",
                Units.exact(context.layout().bytesPerSession()) + " bytes per session, constant ("
                        + Units.bytes(context.layout().bytesPerSession()) + ")");
        table.row("rows", "at most " + context.rowsPerSession() + " per session and prefill");
        table.row("context", context(interaction));
        final boolean assumed = option == null && config.interaction().isEmpty();
        section("session" + (assumed ? " (with --interaction default)" : ""), table);
        final Table memory = new Table("llr");
        for (final MemoryPlan.Item item : context.memoryPlan().items()) {
            memory.row(item.name(), item.tag().name().toLowerCase(Locale.ROOT), Units.exact(item.bytes()));
        }
        memory.row("total", "", Units.exact(context.memoryPlan().bytes()));
        section(
                "memory of an engine for " + Units.plural(sessions, "session") + " and "
                        + Units.plural(context.computeThreads(), "thread") + ", beside the mapped weights",
                memory);
    }

    /** How far back global layers see, in seconds, for a session that is quiet. */
    private String context(final InteractionConfig interaction) {
        // a quiet tick: the last output, <tick>, four positions of sound, the patches of a frame
        final int listening = 2 + 4;
        final int watching = listening + interaction.videoRows() * interaction.videoCols();
        final boolean global = model.config().text().layers().stream().anyMatch(layer -> !layer.local());
        final int window =
                global ? interaction.globalWindow() : model.config().text().window();
        return String.format(
                Locale.ROOT,
                "%s window of %,d positions: %.0f s listening, %.0f s listening and watching, while quiet",
                global ? "global" : "local",
                window,
                window / listening * TICK_SECONDS,
                window / watching * TICK_SECONDS);
    }

    private void missing() {
        final ModelTensors tensors = model.weights().tensors();
        final Table table = new Table("ll");
        boolean any = false;
        if (model.config().interaction().isEmpty()) {
            table.row("interaction_config", "runs need --interaction FILE or --interaction default");
            any = true;
        }
        if (!Files.exists(directory.resolve(TextTokenizer.FILE_NAME))) {
            table.row(TextTokenizer.FILE_NAME, "text input is refused, output is shown as ids");
            any = true;
        }
        if (!tensors.audio()) {
            table.row("model.audio", "sessions cannot hear");
            any = true;
        }
        if (!tensors.vision()) {
            table.row("model.visual", "sessions cannot see");
            any = true;
        }
        if (!tensors.voice() && !skipsAVoice()) {
            table.row("model.audio_out", "sessions have no voice");
            any = true;
        }
        section("missing" + (any ? "" : ": nothing"), table);
        names("skipped", tensors.skipped());
        names("unknown", tensors.unknown());
    }

    private void names(final String what, final List<String> names) {
        if (names.isEmpty()) {
            return;
        }
        lines.add("");
        lines.add(what + ": " + Units.plural(names.size(), "tensor"));
        names.stream().limit(MOST_NAMES).forEach(name -> lines.add("  " + name));
        if (names.size() > MOST_NAMES) {
            lines.add("  and " + (names.size() - MOST_NAMES) + " more");
        }
    }

    private void section(final String title, final Table table) {
        lines.add("");
        if (!title.isEmpty()) {
            lines.add(title);
        }
        lines.addAll(table.lines("  "));
    }
}
