package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.scheduler.TickRecord;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When speech is to be heard, and what becomes of it when the listener is interrupted. */
class PlayoutTest {
    private static final int TICK_SAMPLES = 3200;

    @TempDir
    private static Path directory;

    private VoiceFixture fixture;
    private Engine engine;
    private Session session;
    private final List<Heard> heard = new ArrayList<>();

    /** An event as its consumer has it. */
    private record Heard(long tick, boolean cut, int tokens, int samples, boolean dropped, float[] sound) {
        /** The loudest of so many samples. */
        float peak(final int from, final int to) {
            float peak = 0;
            for (int i = from; i < to; i++) {
                peak = Math.max(peak, Math.abs(sound[i]));
            }
            return peak;
        }
    }

    @BeforeEach
    void open() throws IOException {
        fixture = new VoiceFixture(directory);
        engine = Engine.launch(fixture.context(1));
        session = engine.open(SessionSpec.of().withScript(fixture.script()));
    }

    @AfterEach
    void close() {
        engine.close();
        fixture.close();
    }

    private void beats(final int count) {
        for (int i = 0; i < count; i++) {
            engine.invoker().tick();
        }
    }

    private List<Heard> poll() {
        heard.clear();
        session.poll(this::onTick);
        return List.copyOf(heard);
    }

    private void onTick(final TickEvent event) {
        final float[] sound = new float[event.speechSamples()];
        for (int i = 0; i < sound.length; i++) {
            sound[i] = event.speech().getAtIndex(ValueLayout.JAVA_FLOAT, i);
        }
        assertEquals((event.tick() + 1) * TICK_SAMPLES, event.speechStartSample());
        final boolean cut = (LedgerRow.flags(event.row(), event.rowOffset()) & TickRecord.CUT) != 0;
        heard.add(new Heard(event.tick(), cut, event.tokens(), sound.length, event.speechDropped(), sound));
    }

    @Test
    void shouldTakeBackWhatWaitsAndTellTheModel() {
        beats(3);
        session.heardUntil(TICK_SAMPLES + 1_000);
        beats(2);
        final List<Heard> events = poll();
        assertEquals(5, events.size());
        for (final Heard event : events.subList(0, 3)) {
            assertTrue(event.dropped, "tick " + event.tick);
            assertEquals(0, event.samples);
            assertEquals(7, event.tokens, "its text stands");
            assertFalse(event.cut);
        }
        assertTrue(events.get(3).cut);
        assertFalse(events.get(4).cut, "it is told once");
        for (final Heard event : events.subList(3, 5)) {
            assertFalse(event.dropped);
            assertEquals(TICK_SAMPLES, event.samples, "an answer is heard");
        }
        assertEquals(0, session.lostRecords());
    }

    @Test
    void shouldKeepWhatWasHeardBeforeItWasPolled() {
        beats(3);
        session.heardUntil(2 * TICK_SAMPLES);
        final List<Heard> events = poll();
        assertEquals(
                List.of(false, true, true), events.stream().map(Heard::dropped).toList());
        assertEquals(
                List.of(TICK_SAMPLES, 0, 0), events.stream().map(Heard::samples).toList());
    }

    @Test
    void shouldCutNothingWhereAllWasHeard() {
        beats(3);
        assertEquals(3, poll().size());
        session.heardUntil(4 * TICK_SAMPLES);
        beats(1);
        final Heard next = poll().get(0);
        assertFalse(next.cut);
        assertEquals(TICK_SAMPLES, next.samples);
        session.heardUntil(5 * TICK_SAMPLES - 1);
        beats(1);
        assertTrue(poll().get(0).cut, "one sample was not heard");
    }

    @Test
    void shouldTellOfTheSameSpeechOnce() {
        beats(1);
        session.hold(true);
        beats(1);
        session.heardUntil(100);
        session.heardUntil(50);
        beats(1);
        session.heardUntil(20);
        beats(1);
        assertEquals(
                List.of(false, false, true, false),
                poll().stream().map(Heard::cut).toList());
        session.heardUntil(0);
        beats(1);
        assertFalse(poll().get(0).cut, "nothing was said since");
        session.interrupted();
        beats(1);
        assertTrue(poll().get(0).cut, "who does not know how far is believed");
    }

    @Test
    void shouldNotGiveBackWhatAnEarlierInterruptionTookBack() {
        beats(2);
        session.heardUntil(TICK_SAMPLES + 100);
        session.heardUntil(10 * TICK_SAMPLES);
        beats(1);
        final List<Heard> events = poll();
        assertEquals(
                List.of(true, true, false), events.stream().map(Heard::dropped).toList());
        assertTrue(events.get(2).cut, "the model was told of the first one");
        session.heardUntil(10 * TICK_SAMPLES);
        session.heardUntil(100);
        beats(1);
        assertFalse(poll().get(0).cut, "all was heard, and settled so");
    }

    @Test
    void shouldTakeBackNothingThatAnEarlierInterruptionSettledAsHeard() {
        beats(1);
        session.heardUntil(2 * TICK_SAMPLES);
        session.heardUntil(100);
        assertFalse(poll().get(0).dropped, "as the model believes");
        beats(1);
        session.heardUntil(3 * TICK_SAMPLES);
        session.interrupted();
        assertTrue(poll().get(0).dropped, "who does not know how far heard none of what waits");
    }

    @Test
    void shouldTakeBackWhatMoreInterruptionsAreBehindThanCanBeToldApart() {
        beats(1);
        for (int i = 0; i < 63; i++) {
            session.heardUntil(2 * TICK_SAMPLES);
            if (i % 8 == 7) {
                beats(1);
            }
        }
        final List<Heard> events = poll();
        assertFalse(events.get(0).dropped);
        beats(1);
        for (int i = 0; i < 64; i++) {
            session.heardUntil(100 * TICK_SAMPLES);
        }
        assertTrue(poll().get(0).dropped);
    }

    @Test
    void shouldDropTheSpeechOfATickThatWasInFlight() {
        beats(1);
        poll();
        engine.step();
        engine.invoker().doWork();
        session.heardUntil(TICK_SAMPLES + 800);
        while (engine.completedBeats() < 2) {
            engine.invoker().doWork();
        }
        final Heard inFlight = poll().get(0);
        assertTrue(inFlight.dropped);
        assertFalse(inFlight.cut);
        beats(1);
        final Heard next = poll().get(0);
        assertTrue(next.cut);
        assertEquals(TICK_SAMPLES, next.samples);
    }

    @Test
    void shouldThrowAwayWhatTheVocoderHoldsBack() {
        beats(1);
        session.hold(true);
        beats(1);
        assertEquals(
                List.of(TICK_SAMPLES, 1600), poll().stream().map(Heard::samples).toList());
        session.hold(false);
        beats(1);
        session.hold(true);
        session.interrupted();
        beats(2);
        assertEquals(List.of(0, 0, 0), poll().stream().map(Heard::samples).toList());
        session.hold(false);
        beats(1);
        // a vocoder that has nothing of before is silent until what it waits for is there
        assertEquals(0, poll().get(0).peak(0, Vocoder.DELAY_SAMPLES - Vocoder.LEAD_SAMPLES), "nothing old");
    }

    @Test
    void shouldNotLetWhatWasCutSoundIntoAnAnswer() {
        final int old = Vocoder.DELAY_SAMPLES - Vocoder.LEAD_SAMPLES;
        beats(2);
        final List<Heard> events = poll();
        assertEquals(0, events.get(0).peak(0, old), 1e-6);
        assertTrue(
                events.get(1).peak(0, old) > 1e-3,
                "speech that goes on: " + events.get(1).peak(0, old));
        session.interrupted();
        beats(1);
        final Heard answer = poll().get(0);
        assertTrue(answer.cut);
        assertEquals(0, answer.peak(0, old), 1e-4);
        assertTrue(answer.peak(old, TICK_SAMPLES) > 1e-3, "the answer is heard");
    }

    @Test
    void shouldGiveTheNextSessionAllPlacesForItsSpeech() {
        beats(20);
        session.abandon();
        beats(1);
        session = engine.open(SessionSpec.of().withScript(fixture.script()));
        beats(31);
        assertEquals(0, session.lostRecords(), "31 ticks of speech fit, whoever was there before");
        final List<Heard> events = new ArrayList<>(poll());
        events.addAll(poll());
        assertEquals(31, events.size());
        for (final Heard event : events) {
            assertEquals(TICK_SAMPLES, event.samples);
            assertFalse(event.dropped, "the interruptions of another session are not this one's");
        }
    }

    @Test
    void shouldDropTheSpeechThatWaitsAtTheEnd() {
        beats(2);
        session.stop();
        beats(1);
        session.interrupted();
        assertEquals(List.of(true, true), poll().stream().map(Heard::dropped).toList());
        assertTrue(session.isEnded());
    }

    @Test
    void shouldRefuseAPlaceBeforeTheBegin() {
        final IllegalArgumentException negative =
                assertThrows(IllegalArgumentException.class, () -> session.heardUntil(-1));
        assertTrue(negative.getMessage().contains("-1"), negative.getMessage());
    }
}
