package dev.tactus.engine;

import dev.tactus.engine.model.InklingWeights;
import dev.tactus.scheduler.Admission;
import dev.tactus.scheduler.CostModel;
import dev.tactus.scheduler.Demand;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.SessionLoad;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * Where sessions ask for a place: finds them a slot of the period in which all deadlines hold, or says what would fit.
 *
 * <p>Guarded by the engine's lock. Who is there is read from the sessions' states each time, so nobody has to say that
 * a session left.
 */
final class AdmissionDesk {
    /** The usual margin. */
    static final long MARGIN_NS = 10_000_000;

    private static final double PERIODS_PER_SECOND = 1e9 / EngineContext.PERIOD_NS;
    private static final double KIBI = 1024;

    private final EngineContext context;
    private final Admission admission;

    AdmissionDesk(final EngineContext context, final CostModel model, final Demand demand) {
        this.context = context;
        this.admission = new Admission(model, demand, timing(context), context.maxSessions());
    }

    static Admission.Timing timing(final EngineContext context) {
        return new Admission.Timing(
                context.phases(), EngineContext.PERIOD_NS, context.allowanceNs(), context.admissionMarginNs());
    }

    static SessionLoad load(final EngineContext context, final int modalities) {
        final int patches =
                context.interaction().videoRows() * context.interaction().videoCols();
        return SessionLoad.of(modalities, patches);
    }

    /**
     * The slot for one more session; the first one always gets one.
     *
     * @param sessions all states of the engine
     * @throws AdmissionException when it would break a deadline, naming what fits
     */
    int admit(final int modalities, final SessionState[] sessions) {
        admission.clear();
        for (final SessionState state : sessions) {
            if (state.phase == SessionState.LIVE) {
                admission.enter(state.slot, load(context, state.modalities));
            }
        }
        final SessionLoad load = load(context, modalities);
        final int slot = admission.choose(load);
        if (slot == Admission.REFUSED && admission.sessions() == 0) {
            // one is always taken: a model that is wrong can only be corrected by ticks
            return 0;
        }
        if (slot == Admission.REFUSED) {
            throw new AdmissionException(admission.refusal(kind(modalities), others()) + "; " + memory(load));
        }
        return slot;
    }

    private String memory(final SessionLoad load) {
        final int window = context.interaction().globalWindow();
        return String.format(
                Locale.ROOT,
                "there is memory for %d of %d more, %,.0f KiB each, which remember %d positions: the last %.0f s of"
                        + " such a session",
                context.maxSessions() - admission.sessions(),
                context.maxSessions(),
                context.layout().bytesPerSession() / KIBI,
                window,
                window / (load.rows() * PERIODS_PER_SECOND));
    }

    private Admission.Kind kind(final int modalities) {
        final StringJoiner name = new StringJoiner("+").setEmptyValue("no media");
        for (int i = 0; i < Modality.COUNT; i++) {
            final Modality modality = Modality.of(i);
            if (modality.in(modalities)) {
                name.add(modality.name().toLowerCase(Locale.ROOT));
            }
        }
        return new Admission.Kind(name.toString(), load(context, modalities));
    }

    /** What the model's sessions usually are. */
    private List<Admission.Kind> others() {
        final InklingWeights weights = context.model().weights();
        final List<Admission.Kind> kinds = new ArrayList<>();
        if (weights.audio().isPresent() && weights.vision().isPresent()) {
            kinds.add(kind(Modality.AUDIO.bit() | Modality.VIDEO.bit()));
        }
        if (weights.audio().isPresent()) {
            kinds.add(kind(Modality.AUDIO.bit()));
        }
        kinds.add(kind(Modality.TEXT.bit()));
        return kinds;
    }
}
