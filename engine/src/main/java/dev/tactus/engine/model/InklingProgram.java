package dev.tactus.engine.model;

import dev.tactus.kernel.WeightType;
import java.util.Optional;

/**
 * Compiles an Inkling model into a {@link StepProgram} (MODEL.md 1.3 to 1.5).
 *
 * <p>A layer is eight ops: norm, projections, key-value append, attention, output projection with its convolution,
 * norm, gate-up, down projection with its convolution; a mixture of experts routes in between.
 */
public final class InklingProgram {
    private static final float ENCODER_EPS = 1e-6f;
    private static final int BANDS = 801;
    private static final int ODD = 799;

    private final InklingWeights weights;
    private final SessionLayout layout;
    private final ProgramTables tables;
    private final AdapterTargets targets;
    private final StepProgram.Builder builder;
    private final TextConfig text;
    private final int d;

    private InklingProgram(
            final InklingWeights weights,
            final SessionLayout layout,
            final ProgramTables tables,
            final AdapterTargets targets) {
        this.weights = weights;
        this.layout = layout;
        this.tables = tables;
        this.targets = targets;
        this.builder = new StepProgram.Builder(targets.rank());
        this.text = weights.config().text();
        this.d = text.hidden();
    }

    /**
     * The program of a model.
     *
     * @param frameWidth pixels per row of the frames that patches are cut from
     */
    public static StepProgram compile(
            final InklingWeights weights,
            final SessionLayout layout,
            final ProgramTables tables,
            final int frameWidth) {
        return compile(weights, layout, tables, frameWidth, AdapterTargets.NONE);
    }

    /**
     * The program of a model with adapters beside some of its matrices.
     *
     * @param frameWidth pixels per row of the frames that patches are cut from
     * @param targets which matrices
     */
    public static StepProgram compile(
            final InklingWeights weights,
            final SessionLayout layout,
            final ProgramTables tables,
            final int frameWidth,
            final AdapterTargets targets) {
        return new InklingProgram(weights, layout, tables, targets).compile(frameWidth);
    }

    private StepProgram compile(final int frameWidth) {
        final Optional<Integer> bins = weights.audio().map(audio -> mel());
        final Optional<Integer> pixels = weights.vision().map(vision -> pixels(frameWidth));
        builder.endPreprocess();
        final int audio = bins.map(this::hear).orElse(-1);
        final int vision = pixels.map(this::see).orElse(-1);
        final int speech = weights.voice().map(this::takeIn).orElse(-1);
        final int x = builder.buffer("x", RowSpace.PASS, d);
        builder.add(new Op.Embed(
                "embed", weights.embed(), weights.embedNorm().address(), text.rmsNormEps(), audio, vision, speech, x));
        final int n = builder.buffer("normed", RowSpace.PASS, d);
        final int h = builder.buffer("h", RowSpace.PASS, d);
        for (int i = 0; i < weights.layers().size(); i++) {
            layer(weights.layers().get(i), layout.layers().get(i), x, n, h);
        }
        return head(x);
    }

    private int mel() {
        final int mels = weights.config().audio().mels();
        final int even = builder.buffer("mel even", RowSpace.AUDIO, BANDS);
        final int odd = builder.buffer("mel odd", RowSpace.AUDIO, ODD);
        final int re = builder.buffer("mel re", RowSpace.AUDIO, BANDS);
        final int im = builder.buffer("mel im", RowSpace.AUDIO, BANDS);
        final int magnitude = builder.buffer("mel magnitude", RowSpace.AUDIO, BANDS);
        final int mel = builder.buffer("mel", RowSpace.AUDIO, mels);
        final int bins = builder.buffer("mel bins", RowSpace.AUDIO, mels);
        builder.add(new Op.MelFold("mel.fold", tables.hann(), even, odd));
        builder.add(table("mel.re", even, tables.cos(), BANDS, BANDS, re));
        builder.add(table("mel.im", odd, tables.sin(), BANDS, ODD, im));
        builder.add(new Op.MelMagnitude("mel.magnitude", re, im, magnitude, BANDS));
        builder.add(table("mel.filter", magnitude, tables.filters(), mels, BANDS, mel));
        builder.add(new Op.MelBin("mel.bin", mel, tables.thresholds(), tables.thresholdCount(), bins, mels));
        return bins;
    }

    private static Op table(
            final String name, final int x, final long address, final int rows, final int cols, final int y) {
        return new Op.Linear(name, RowSpace.AUDIO, x, new Matrix(WeightType.F32, address, rows, cols), y, 1, true);
    }

    private int hear(final int bins) {
        final AudioWeights audio = weights.audio().orElseThrow();
        final AudioConfig config = weights.config().audio();
        final int y = builder.buffer("audio", RowSpace.AUDIO, d);
        builder.add(new Op.AudioBag("audio.bag", bins, audio.encoder(), config.mels(), config.levels(), y));
        builder.add(new Op.RmsNorm(
                "audio.norm", RowSpace.AUDIO, y, audio.finalNorm().address(), y, d, 1, ENCODER_EPS));
        return y;
    }

    private int pixels(final int frameWidth) {
        final VisionConfig vision = weights.config().vision();
        final int pixels = builder.buffer("pixels", RowSpace.PATCH, vision.patchElements());
        builder.add(new Op.PatchPixels("vision.pixels", vision.patch(), frameWidth, tables.pixels(), pixels));
        return pixels;
    }

    private int see(final int pixels) {
        final VisionWeights vision = weights.vision().orElseThrow();
        final VisionConfig config = weights.config().vision();
        int x = pixels;
        int time = config.temporal();
        int space = config.patch();
        int channels = config.channels();
        final int last = vision.linears().size() - 1;
        for (int s = 0; s <= last; s++) {
            final VisionStages.Stage stage = vision.stages().stages().get(s);
            final String p = "vision." + s;
            final int points = stage.outPoints();
            final int folded = builder.buffer(p + " folded", RowSpace.PATCH, points * stage.inputs());
            builder.add(new Op.Fold(
                    p + ".fold",
                    x,
                    time,
                    space,
                    space,
                    channels,
                    stage.foldTime(),
                    stage.foldSpace(),
                    stage.foldSpace(),
                    folded));
            x = builder.buffer(p, RowSpace.PATCH, points * stage.outputs());
            builder.add(new Op.Linear(
                    p + ".linear", RowSpace.PATCH, folded, vision.linears().get(s), x, points, false));
            if (s < last) {
                final long norm = vision.norms().get(s).address();
                builder.add(
                        new Op.RmsNorm(p + ".norm", RowSpace.PATCH, x, norm, x, stage.outputs(), points, ENCODER_EPS));
                builder.add(new Op.Gelu(p + ".gelu", RowSpace.PATCH, x, points * stage.outputs()));
            }
            time = stage.outTime();
            space = stage.outSpace();
            channels = stage.outputs();
        }
        builder.add(new Op.RmsNorm(
                "vision.norm", RowSpace.PATCH, x, vision.finalNorm().address(), x, d, 1, ENCODER_EPS));
        return x;
    }

    /** The vectors of blocks of speech. */
    private int takeIn(final VoiceWeights voice) {
        final int blocks =
                builder.buffer("speech blocks", RowSpace.SPEECH, voice.config().blockElements());
        final int y = builder.buffer("speech", RowSpace.SPEECH, d);
        builder.add(new Op.SpeechBlocks("speech.blocks", blocks));
        builder.add(new Op.Linear("speech.encoder", RowSpace.SPEECH, blocks, voice.encoder(), y, 1, true));
        final long norm = voice.finalNorm().address();
        builder.add(new Op.RmsNorm("speech.norm", RowSpace.SPEECH, y, norm, y, d, 1, VoiceWeights.ENCODER_EPS));
        return y;
    }

    /**
     * Blocks of speech, out of the rows that they are made of, and the sound of those made before. Both stand where no
     * barrier comes between, so that one worker makes the sound while another makes the next block.
     */
    private void speak(final VoiceWeights voice, final int x) {
        final int condition = builder.buffer("condition", RowSpace.VOICE, d);
        final int blocks =
                builder.buffer("blocks", RowSpace.VOICE, voice.config().blockElements());
        builder.add(new Op.OutputNorm(
                "speak.norm", RowSpace.VOICE, x, weights.norm().address(), text.rmsNormEps(), 1f, condition));
        builder.add(new Op.Flow("speak.flow", voice.shape(), voice.flow(), condition, blocks));
        builder.add(new Op.Vocode(
                "speak.vocoder",
                tables.vocoder(),
                voice.melMean().address(),
                voice.melStd().address(),
                layout.vocoder()));
        builder.conditions(condition);
    }

    /**
     * Computes what adapters beside a matrix need, if there can be any.
     *
     * @param place tells apart what is needed at a time
     */
    private Adapted beside(
            final String op, final RowSpace space, final int x, final String tensor, final Matrix w, final int place) {
        if (!targets.has(tensor)) {
            return Adapted.NONE;
        }
        final int module = builder.module(tensor, 1, w.rows(), w.cols());
        final String name = "adapters " + space + " " + place;
        final Adapted adapted = new Adapted(module, -1, builder.sharedBuffer(name, space, targets.rank()));
        builder.add(new Op.AdapterDown(op + ".adapters", space, x, adapted, w.cols(), null));
        return adapted;
    }

    private int stack(final String tensor, final int experts, final int rows, final int cols) {
        return targets.has(tensor) ? builder.module(tensor, experts, rows, cols) : -1;
    }

    /** The same for experts. */
    private Adapted besideExperts(
            final String op,
            final int x,
            final int routed,
            final int shared,
            final int cols,
            final Op.AdapterDown.Choice experts) {
        if (routed < 0 && shared < 0) {
            return Adapted.NONE;
        }
        final int t = shared("adapters of experts", experts.slots() * targets.rank());
        final Adapted adapted = new Adapted(routed, shared, t);
        builder.add(new Op.AdapterDown(op + ".adapters", RowSpace.PASS, x, adapted, cols, experts));
        return adapted;
    }

    private void layer(
            final LayerWeights layer, final SessionLayout.LayerState state, final int x, final int n, final int h) {
        final String p = "layers." + layer.config().index();
        final float eps = text.rmsNormEps();
        builder.add(new Op.RmsNorm(
                p + ".attn_norm", RowSpace.PASS, x, layer.attnNorm().address(), n, d, 1, eps));
        attention(p, layer, state, x, n, h);
        builder.add(new Op.RmsNorm(
                p + ".mlp_norm", RowSpace.PASS, x, layer.mlpNorm().address(), n, d, 1, eps));
        if (layer.mlp() instanceof DenseMlp dense) {
            dense(p, layer, dense, state, x, n, h);
        } else {
            experts(p, layer, (ExpertsMlp) layer.mlp(), state, x, n, h);
        }
    }

    private void attention(
            final String p,
            final LayerWeights layer,
            final SessionLayout.LayerState state,
            final int x,
            final int n,
            final int h) {
        final AttentionWeights w = layer.attention();
        final LayerConfig config = layer.config();
        final String kind = config.local() ? "local" : "global";
        final int q = shared(kind + " q", config.queryWidth());
        final int k = shared(kind + " k", config.keyWidth());
        final int v = shared(kind + " v", config.keyWidth());
        final int r = shared(kind + " r", config.heads() * text.dRel());
        final int kOut = shared(kind + " k conv", config.keyWidth());
        final int vOut = shared(kind + " v conv", config.keyWidth());
        final int y = shared(kind + " attention", config.queryWidth());
        projections(p, ModelTensors.layerPrefix(config.index()) + "attn.", w, n, new int[] {q, k, v, r});
        builder.add(new Op.KeyValue(
                p + ".key_value",
                state.shape(),
                config.local(),
                k,
                v,
                kOut,
                vOut,
                w.kConv().address(),
                w.vConv().address(),
                text.convTaps(),
                state.keyCarry(),
                state.valueCarry(),
                w.kNorm().address(),
                text.rmsNormEps()));
        builder.add(new Op.RmsNorm(
                p + ".q_norm",
                RowSpace.PASS,
                q,
                w.qNorm().address(),
                q,
                config.headDim(),
                config.heads(),
                text.rmsNormEps()));
        builder.add(new Op.Attention(
                p + ".attention",
                state.shape(),
                config.local(),
                q,
                r,
                w.biasBank().address(),
                y));
        final String tensor = ModelTensors.layerPrefix(config.index()) + "attn.wo_ud.weight";
        final Adapted adapted = beside(p + ".wo", RowSpace.PASS, y, tensor, w.output(), 0);
        builder.add(new Op.LinearConv(
                p + ".wo",
                y,
                w.output(),
                false,
                1f,
                h,
                layer.attnConv().address(),
                text.convTaps(),
                state.attentionCarry(),
                x,
                adapted));
    }

    /** Queries, keys, values and relative states; what their adapters need comes first, so that one barrier serves. */
    private void projections(
            final String p, final String prefix, final AttentionWeights w, final int n, final int[] y) {
        final String[] ops = {p + ".wq", p + ".wk", p + ".wv", p + ".wr"};
        final String[] tensors = {"wq_du.weight", "wk_dv.weight", "wv_dv.weight", "wr_du.weight"};
        final Matrix[] matrices = {w.query(), w.key(), w.value(), w.relative()};
        final Adapted[] adapted = new Adapted[ops.length];
        for (int i = 0; i < ops.length; i++) {
            adapted[i] = beside(ops[i], RowSpace.PASS, n, prefix + tensors[i], matrices[i], i);
        }
        for (int i = 0; i < ops.length; i++) {
            builder.add(new Op.Linear(ops[i], RowSpace.PASS, n, matrices[i], y[i], 1, false, adapted[i]));
        }
    }

    private void dense(
            final String p,
            final LayerWeights layer,
            final DenseMlp mlp,
            final SessionLayout.LayerState state,
            final int x,
            final int n,
            final int h) {
        final int gateUp = shared("gate up", mlp.gateUp().rows());
        final int hidden = shared("hidden", mlp.down().cols());
        final String prefix = ModelTensors.layerPrefix(layer.config().index()) + "mlp.";
        final Adapted up = beside(p + ".w13", RowSpace.PASS, n, prefix + "w13_dn.weight", mlp.gateUp(), 0);
        builder.add(new Op.LinearSwiglu(p + ".w13", n, mlp.gateUp(), gateUp, hidden, up));
        final Adapted down = beside(p + ".w2", RowSpace.PASS, hidden, prefix + "w2_md.weight", mlp.down(), 0);
        builder.add(new Op.LinearConv(
                p + ".w2",
                hidden,
                mlp.down(),
                true,
                mlp.globalScale(),
                h,
                layer.mlpConv().address(),
                text.convTaps(),
                state.mlpCarry(),
                x,
                down));
    }

    private void experts(
            final String p,
            final LayerWeights layer,
            final ExpertsMlp mlp,
            final SessionLayout.LayerState state,
            final int x,
            final int n,
            final int h) {
        final Experts routed = group(mlp.gateUp(), mlp.down());
        final Experts sharedGroup = mlp.sharedGateUp().isPresent()
                ? group(mlp.sharedGateUp().get(), mlp.sharedDown().orElseThrow())
                : new Experts(0, routed.hidden(), d, routed.upType(), routed.up(), routed.downType(), routed.down());
        final int chosen = text.expertsPerToken();
        final int slots = chosen + sharedGroup.count();
        final int z = shared("router", mlp.gate().rows());
        final int experts = shared("experts", slots);
        final int weightOf = shared("expert weights", slots);
        final int gateUp = shared("experts gate up", slots * 2 * routed.hidden());
        final int hidden = shared("experts hidden", slots * routed.hidden());
        final int down = shared("experts down", d);
        builder.add(new Op.Linear(p + ".gate", RowSpace.PASS, n, mlp.gate(), z, 1, true));
        builder.add(new Op.Route(
                p + ".route",
                z,
                mlp.gateBias().address(),
                routed.count(),
                sharedGroup.count(),
                chosen,
                text.routeScale() * mlp.globalScale(),
                experts,
                weightOf));
        final int hiddenOf = routed.hidden();
        final String prefix = ModelTensors.layerPrefix(layer.config().index()) + "mlp.";
        final Adapted ofUp = besideExperts(
                p + ".experts_w13",
                n,
                stack(prefix + "experts.w13_weight", routed.count(), 2 * hiddenOf, d),
                stack(prefix + "shared_experts.shared_w13_weight", sharedGroup.count(), 2 * hiddenOf, d),
                d,
                new Op.AdapterDown.Choice(experts, routed.count(), sharedGroup.count(), chosen, false));
        builder.add(new Op.ExpertsUp(
                p + ".experts_w13", n, experts, weightOf, routed, sharedGroup, chosen, gateUp, hidden, ofUp));
        final Adapted ofDown = besideExperts(
                p + ".experts_w2",
                hidden,
                stack(prefix + "experts.w2_weight", routed.count(), d, hiddenOf),
                stack(prefix + "shared_experts.shared_w2_weight", sharedGroup.count(), d, hiddenOf),
                hiddenOf,
                new Op.AdapterDown.Choice(experts, routed.count(), sharedGroup.count(), chosen, true));
        builder.add(new Op.ExpertsDownConv(
                p + ".experts_w2",
                hidden,
                experts,
                weightOf,
                routed,
                sharedGroup,
                chosen,
                down,
                h,
                layer.mlpConv().address(),
                text.convTaps(),
                state.mlpCarry(),
                x,
                ofDown));
    }

    private Experts group(final MatrixStack up, final MatrixStack down) {
        return new Experts(up.count(), down.cols(), d, up.type(), up.address(), down.type(), down.address());
    }

    private StepProgram head(final int x) {
        final int vocabulary = text.unpaddedVocab();
        final int out = builder.buffer("output", RowSpace.OUTPUT, d);
        final int logits = builder.buffer("logits", RowSpace.OUTPUT, vocabulary);
        final int sampled = builder.buffer("sampled", RowSpace.OUTPUT, 1);
        weights.voice().ifPresent(voice -> speak(voice, x));
        builder.add(new Op.OutputNorm(
                "norm", RowSpace.OUTPUT, x, weights.norm().address(), text.rmsNormEps(), text.mupMultiplier(), out));
        final Matrix unembed = weights.unembed();
        final Adapted adapted = beside("unembed", RowSpace.OUTPUT, out, "model.llm.unembed.weight", unembed, 0);
        builder.add(new Op.Linear("unembed", RowSpace.OUTPUT, out, unembed, logits, 1, false, adapted));
        builder.add(new Op.Sample("sample", logits, vocabulary, sampled));
        return builder.build(logits, sampled);
    }

    /** A buffer that layers of equal shape share. */
    private int shared(final String name, final int columns) {
        return builder.sharedBuffer(name + " " + columns, RowSpace.PASS, columns);
    }
}
