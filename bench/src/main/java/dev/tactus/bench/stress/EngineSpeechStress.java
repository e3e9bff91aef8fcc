package dev.tactus.bench.stress;

import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** A session speaks in every tick, for more ticks than there are speech slots, while its consumer reads. */
@JCStressTest
@State
@Description("Speech slots between the tick and the consumer: read whole, and written again only after their release.")
@Outcome(
        id = "own, .*",
        expect = Expect.ACCEPTABLE,
        desc = "What was told was that tick's speech; slow ones lose whole ticks.")
@Outcome(
        id = "other, .*",
        expect = Expect.FORBIDDEN,
        desc = "Samples of another tick: a slot was written before its release.")
@Outcome(
        id = "torn, .*",
        expect = Expect.FORBIDDEN,
        desc = "Samples of two ticks: a slot was written while it was read.")
@Outcome(id = "unaccounted, .*", expect = Expect.FORBIDDEN, desc = "Ticks were neither told nor counted as lost.")
public class EngineSpeechStress extends EngineRound {
    /** Half as much again as there are slots. */
    private static final int BEATS = 48;

    private static final int BEATS_PER_YIELD = 8;
    private static final int POLLS = 1_280;
    private static final int TOKEN = 7;

    private final Session session = engine.open(TOKEN);
    private final Listener listener = new Listener();

    /** A round on an engine that nobody uses. */
    public EngineSpeechStress() {
        this(StressEngine::take);
    }

    EngineSpeechStress(final Supplier<StressEngine> engines) {
        super(engines);
        engine.speak();
    }

    private static final class Listener implements SessionHandler {
        private String told = "own";
        private long ticks;

        @Override
        public void onTick(final TickEvent event) {
            ticks++;
            final MemorySegment speech = event.speech();
            final float first = sample(speech, 0);
            for (int i = 0; i < event.speechSamples(); i += SAMPLE_STEP) {
                if (sample(speech, i) != first) {
                    told = "torn";
                }
            }
            if (first != event.tick()) {
                told = "other";
            }
        }

        private static float sample(final MemorySegment speech, final int i) {
            return speech.get(ValueLayout.JAVA_FLOAT, i * (long) Float.BYTES);
        }
    }

    /** Reads. */
    @Actor
    public void consumer() {
        for (int i = 0; i < POLLS && listener.ticks < BEATS; i++) {
            if (session.poll(listener) == 0) {
                Pause.once(i);
            }
        }
    }

    /** Speaks. */
    @Actor
    public void tick() {
        for (int i = 0; i < BEATS; i++) {
            engine.beat();
            // a consumer that never runs sees nothing: let it, every few ticks
            Pause.once(i, BEATS_PER_YIELD);
        }
    }

    /** Reads the rest and gives the engine back. */
    @Arbiter
    public void finish(final LL_Result result) {
        while (session.poll(listener) > 0) {
            Thread.onSpinWait();
        }
        final long lost = session.lostRecords();
        result.r1 = listener.ticks + lost == BEATS ? listener.told : "unaccounted";
        result.r2 = lost == 0 ? "all" : "some lost";
        finish(session);
    }
}
