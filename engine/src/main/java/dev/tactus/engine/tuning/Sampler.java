package dev.tactus.engine.tuning;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.Tensor;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.TickRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Samples from the masters of a trainer with the engine itself: one stepped engine per worker, without threads of its
 * own, over matrices, or the factors of an adapter, that are read where they are trained. Engines live for one call:
 * the next one sees what the weights are then.
 *
 * <p>Sessions see as far as the trainer does: its sinks and global window hold, not those of the interaction.
 */
final class Sampler {
    /** Sessions at a time, over all workers: beyond that, keys and values outgrow what batching gains. */
    private static final int MOST_SESSIONS = 64;

    /** What the engine knows the trained adapter by. */
    private static final String ADAPTER = "trained";

    private final Path source;
    private final Parameters parameters;
    private final LoraAdapter adapter;
    private final TrainingLimits limits;
    private final Crew crew;
    private final MemoryLedger ledger;

    /**
     * A sampler.
     *
     * @param source the model's directory, which an adapter's base is read from
     * @param adapter what is trained beside the model; null when the model itself is
     */
    Sampler(
            final Path source,
            final Parameters parameters,
            final LoraAdapter adapter,
            final TrainingLimits limits,
            final Crew crew,
            final MemoryLedger ledger) {
        this.source = source;
        this.parameters = parameters;
        this.adapter = adapter;
        this.limits = limits;
        this.crew = crew;
        this.ledger = ledger;
    }

    List<Rollout> sample(
            final List<Prompt> prompts,
            final SamplingParameters sampling,
            final TokenWeights weights,
            final TurnMemory memory) {
        check(prompts, memory);
        final SampledSession[] sessions = new SampledSession[prompts.size()];
        for (int i = 0; i < sessions.length; i++) {
            sessions[i] = new SampledSession(i, prompts.get(i), sampling, adapter == null ? SessionSpec.BASE : ADAPTER);
        }
        try (LoadedModel model = LoadedModel.of(parameters.config(), weights(), memory.tables(), ledger)) {
            final InteractionConfig seen = visible(memory.interaction(), prompts);
            crew.together(worker -> run(model, seen, share(sessions, worker)));
        }
        final List<Rollout> rollouts = new ArrayList<>();
        for (final SampledSession session : sessions) {
            rollouts.add(session.rollout(memory, weights));
        }
        return rollouts;
    }

    private void check(final List<Prompt> prompts, final TurnMemory memory) {
        if (prompts.isEmpty()) {
            throw new IllegalArgumentException("no prompts: expected at least 1");
        }
        if (!isSameModel(memory.config())) {
            throw new IllegalArgumentException("the memory of turns is of "
                    + memory.config().file() + ": expected "
                    + parameters.config().file()
                    + " or a model of the same configuration");
        }
        int audio = 0;
        int patches = 0;
        for (int i = 0; i < prompts.size(); i++) {
            final Prompt prompt = prompts.get(i);
            checkModality(i, prompt, Modality.AUDIO, parameters.hears());
            checkModality(i, prompt, Modality.VIDEO, parameters.sees());
            final MicroTurnSequence trial = memory.sequence(prompt.modalities(), TokenWeights.EQUAL);
            for (int tick = 0; tick < prompt.inputs().size(); tick++) {
                final TurnInput input = prompt.input(tick);
                checkLive(i, tick, input);
                try {
                    trial.check(tick, input);
                } catch (final IllegalArgumentException ex) {
                    throw new IllegalArgumentException("prompt " + i + ", " + ex.getMessage(), ex);
                }
                audio += MicroTurnSequence.heard(input);
                patches += trial.patchesOf(input);
            }
        }
        memory.requireRoom("all prompts", audio, patches, 0);
    }

    private boolean isSameModel(final ModelConfig other) {
        final ModelConfig config = parameters.config();
        return other.text().equals(config.text())
                && other.audio().equals(config.audio())
                && other.vision().equals(config.vision())
                && other.audioTokenId() == config.audioTokenId()
                && other.imageTokenId() == config.imageTokenId();
    }

    private static void checkModality(
            final int number, final Prompt prompt, final Modality modality, final boolean known) {
        if (modality.in(prompt.modalities()) && !known) {
            throw new IllegalArgumentException("prompt " + number + " declares " + modality
                    + ": expected a modality that the model has an encoder for");
        }
    }

    private static void checkLive(final int number, final int tick, final TurnInput input) {
        if (input.skippedBefore() != 0) {
            throw new IllegalArgumentException("prompt " + number + ", turn " + tick + ": " + input.skippedBefore()
                    + " skipped ticks before it: expected none, since a stepped engine skips no tick");
        }
        for (final AudioSlot slot : input.audio()) {
            if (slot instanceof AudioSlot.Bins) {
                throw new IllegalArgumentException("prompt " + number + ", turn " + tick
                        + ": audio as bins: expected samples, which is what a session hears");
            }
        }
    }

    /** The masters where they lie, or the files of a base that is not trained: adapters know it by its bytes. */
    private Checkpoint weights() {
        if (adapter != null) {
            return Checkpoint.open(source, ledger);
        }
        final List<Tensor> tensors = new ArrayList<>();
        for (final Parameter parameter : parameters.all()) {
            tensors.add(new Tensor(
                    source.toString(),
                    parameter.name(),
                    DType.F32,
                    parameter.shape(),
                    OffHeap.ALL.asSlice(parameter.value(), parameter.elements() * Float.BYTES)));
        }
        return Checkpoint.inMemory(source, tensors);
    }

    /** The micro-turn with the trainer's view of the past, and no more room than the longest prompt may take. */
    private InteractionConfig visible(final InteractionConfig interaction, final List<Prompt> prompts) {
        long longest = 1;
        for (final Prompt prompt : prompts) {
            longest = Math.max(longest, mostPositions(interaction, prompt));
        }
        return limits.globalWindow() >= longest
                ? interaction.withContext(0, Math.toIntExact(longest))
                : interaction.withContext(limits.sinks(), limits.globalWindow());
    }

    private static long mostPositions(final InteractionConfig interaction, final Prompt prompt) {
        final int frame = interaction.videoRows() * interaction.videoCols();
        // <tick>, <cut>, <text_in>
        final int most = 3 + TickRecord.AUDIO_POSITIONS + frame + OutputMachine.maxOutputs(interaction);
        long positions = (long) most * prompt.ticks();
        for (final TurnInput input : prompt.inputs()) {
            positions += input.text().length;
        }
        return positions;
    }

    private List<SampledSession> share(final SampledSession[] sessions, final int worker) {
        final List<SampledSession> share = new ArrayList<>();
        for (int i = worker; i < sessions.length; i += crew.workers()) {
            share.add(sessions[i]);
        }
        return share;
    }

    private void run(final LoadedModel model, final InteractionConfig seen, final List<SampledSession> share) {
        if (share.isEmpty()) {
            return;
        }
        final int together = Math.min(share.size(), Math.max(1, MOST_SESSIONS / crew.workers()));
        final EngineContext context = new EngineContext()
                .model(model)
                .interaction(seen)
                .maxSessions(together)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.STEPPED)
                .warmUpNs(0)
                // a rollout holds tokens: the loss of a policy knows no blocks of speech
                .voice(false)
                // a clock that stands still: nothing waits for a stepped beat, and nothing is measured here
                .clock(() -> 1)
                .ledger(ledger);
        if (adapter != null) {
            context.adapter(ADAPTER, adapter);
        }
        try (Engine engine = Engine.launch(context)) {
            for (int from = 0; from < share.size(); from += together) {
                wave(engine, share.subList(from, Math.min(share.size(), from + together)));
            }
        }
    }

    private static void wave(final Engine engine, final List<SampledSession> wave) {
        for (final SampledSession session : wave) {
            session.open(engine);
        }
        boolean more = true;
        while (more) {
            more = false;
            for (final SampledSession session : wave) {
                session.feed();
            }
            engine.invoker().tick();
            if (engine.failure() != null) {
                throw new TrainingException("the device failed while sampling: " + engine.failure());
            }
            for (final SampledSession session : wave) {
                more |= session.poll();
            }
        }
    }
}
