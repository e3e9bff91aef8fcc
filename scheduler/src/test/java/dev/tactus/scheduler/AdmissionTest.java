package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who is let in, where, and what the others are told. */
class AdmissionTest {
    private static final long MS = 1_000_000;
    private static final long T = 200 * MS;
    private static final long MARGIN = 20 * MS;
    private static final SessionLoad AUDIO = SessionLoad.of(Modality.AUDIO.bit(), 12);
    private static final SessionLoad BOTH = SessionLoad.of(Modality.AUDIO.bit() | Modality.VIDEO.bit(), 12);
    private static final Demand QUIET = Demand.steady(0, 0);

    /** 10 ms per session and 1 ms per patch, always. */
    private static final CostModel TEN = CostModel.of(0, 0, 10 * MS, 0, MS, 0, 0, 0);

    private static Admission admission(final CostModel model, final Demand demand, final int phases) {
        return new Admission(model, demand, new Admission.Timing(phases, T, 0, MARGIN), 100);
    }

    private static int fill(final Admission admission, final SessionLoad load) {
        int count = 0;
        for (int phase = admission.choose(load); phase != Admission.REFUSED; phase = admission.choose(load)) {
            admission.enter(phase, load);
            count++;
        }
        return count;
    }

    @Test
    void shouldRefuseExactlyAtTheBoundary() {
        for (int phases = 1; phases <= 16; phases++) {
            final Admission admission = admission(TEN, QUIET, phases);
            assertEquals(18, admission.fitting(AUDIO), phases + " slots");
            assertEquals(0, admission.sessions(), "asking changes nothing");
            assertEquals(18, fill(admission, AUDIO), phases + " slots");
            assertEquals(180 * MS, admission.busyNs(), 1, phases + " slots");
            assertTrue(admission.endNs() <= T - MARGIN, phases + " slots");
        }
        // a single session more or less in time
        assertEquals(
                17,
                admission(CostModel.of(0, 1, 10 * MS, 0, 0, 0, 0, 0), QUIET, 1).fitting(AUDIO));
        assertEquals(
                18,
                admission(CostModel.of(0, 0, 10 * MS, 0, 0, 0, 0, 0), QUIET, 1).fitting(AUDIO));
    }

    @Test
    void shouldCountTheAllowanceAsTimeThatIsGone() {
        final Admission late = new Admission(TEN, QUIET, new Admission.Timing(1, T, 30 * MS, MARGIN), 100);
        assertEquals(15, late.fitting(AUDIO));
    }

    @Test
    void shouldLetInWhoTakesThePlaceOfOneThatLeft() {
        final Admission admission = admission(TEN, QUIET, 4);
        fill(admission, AUDIO);
        assertEquals(Admission.REFUSED, admission.choose(AUDIO));
        admission.leave(2, AUDIO);
        assertEquals(2, admission.choose(AUDIO), "the slot that became the emptiest");
        admission.enter(2, AUDIO);
        assertEquals(Admission.REFUSED, admission.choose(AUDIO));
        admission.leave(0, AUDIO);
        assertEquals(Admission.REFUSED, admission.choose(BOTH), "22 ms do not fit where 10 did");
        admission.leave(1, AUDIO);
        admission.leave(1, AUDIO);
        assertNotEquals(Admission.REFUSED, admission.choose(BOTH));
        admission.clear();
        assertEquals(18, admission.fitting(AUDIO));
    }

    @Test
    void shouldRefuseToCountOutWhoIsNotThere() {
        final Admission admission = admission(TEN, QUIET, 2);
        admission.enter(1, AUDIO);
        assertThrows(IllegalStateException.class, () -> admission.leave(0, AUDIO));
        assertThrows(IllegalStateException.class, () -> admission.leave(1, BOTH));
        admission.leave(1, AUDIO);
        assertEquals(0, admission.sessions());
    }

    @Test
    void shouldSayWhatWouldFit() {
        final Admission admission = admission(TEN, QUIET, 1);
        final Admission.Kind audio = new Admission.Kind("audio", AUDIO);
        final Admission.Kind both = new Admission.Kind("audio+video", BOTH);
        for (int i = 0; i < 16; i++) {
            admission.enter(0, AUDIO);
        }
        assertEquals(
                "no room for one more session of audio+video: the device would be busy for 182.0 ms of every 200.0, and"
                        + " 180.0 are allowed; what would fit beside the 16 open: 0 of audio+video, 2 of audio",
                admission.refusal(both, List.of(audio, both)));
        assertEquals(16, admission.sessions());
        final Admission full = new Admission(TEN, QUIET, new Admission.Timing(1, T, 0, MARGIN), 3);
        assertEquals(3, fill(full, AUDIO));
        assertEquals(
                "no room for one more session of audio: there is memory for 3; what would fit beside the 3 open:"
                        + " 0 of audio",
                full.refusal(audio, List.of(audio)));
    }

    @Test
    void shouldTellOfTheTailWhereItIsWhatDoesNotFit() {
        final Admission admission = admission(CostModel.of(4_000, 0, 10 * MS, 0, 0, 0, 0, 0), QUIET, 1);
        final int fits = fill(admission, AUDIO);
        assertTrue(fits < 18 && fits > 8, fits + " with an excess of about 50 ms");
        final String refusal = admission.refusal(new Admission.Kind("audio", AUDIO), List.of());
        assertTrue(refusal.contains("1 tick in 1,000 would end "), refusal);
        assertTrue(refusal.contains("and 180.0 of 200.0 are allowed"), refusal);
    }

    @Test
    void shouldTakeTheEmptiestSlotThatHolds() {
        final Admission admission = admission(TEN, QUIET, 4);
        admission.enter(0, AUDIO);
        assertEquals(2, admission.choose(AUDIO), "far from the one that is taken");
        // slot 1 is full of sessions that see; after it there is no time left for slot 2, which is empty
        final Admission crowded = admission(CostModel.of(0, 0, 0, 0, 10 * MS, 0, 0, 0), QUIET, 4);
        final SessionLoad wide = new SessionLoad(20, 16);
        crowded.enter(0, new SessionLoad(1, 1));
        crowded.enter(3, new SessionLoad(1, 1));
        crowded.enter(1, wide);
        final int chosen = crowded.choose(new SessionLoad(1, 0));
        assertEquals(2, chosen, "one that costs nothing fits anywhere");
        assertEquals(Admission.REFUSED, crowded.choose(new SessionLoad(1, 1)), "17 patches already wait behind slot 1");
    }

    @Test
    void shouldHoldAgainstASimulationOfTheDevice() {
        final Random random = new Random(11);
        for (int round = 0; round < 200; round++) {
            final int phases = 1 + random.nextInt(12);
            final CostModel model =
                    CostModel.of(0, random.nextInt(4_000_000), random.nextInt(9_000_000), 100_000, 400_000, 0, 0, 0);
            final Admission admission = admission(model, QUIET, phases);
            final int[] sessions = new int[phases];
            final int[] rows = new int[phases];
            final int[] patches = new int[phases];
            for (int i = 0; i < 60; i++) {
                final SessionLoad load = random.nextBoolean() ? AUDIO : BOTH;
                final int phase = admission.choose(load);
                if (phase != Admission.REFUSED) {
                    admission.enter(phase, load);
                    sessions[phase]++;
                    rows[phase] += load.rows();
                    patches[phase] += load.patches();
                }
            }
            final double latest = simulate(model, sessions, rows, patches);
            assertEquals(latest, admission.endNs(), 1, "round " + round);
            assertTrue(latest <= T - MARGIN, "round " + round);
        }
    }

    /** Ten periods of a device that takes slots up as they are sealed; the longest that one waits for its end. */
    private static double simulate(final CostModel model, final int[] sessions, final int[] rows, final int[] patches) {
        double free = 0;
        double latest = 0;
        for (int n = 0; n < 10 * sessions.length; n++) {
            final int phase = n % sessions.length;
            if (sessions[phase] > 0) {
                final double sealed = n * ((double) T / sessions.length);
                final BatchWork work = new BatchWork().set(sessions[phase], rows[phase], patches[phase], 0, 0, 0);
                free = Math.max(free, sealed) + model.meanNs(work);
                latest = Math.max(latest, free - sealed);
            }
        }
        return latest;
    }

    @Test
    void shouldReckonWithMoreSpeakersThanAreExpected() {
        assertEquals(4, Demand.quantile(4, 1.0 / 3));
        assertEquals(0, Demand.quantile(4, 0));
        assertEquals(4, Demand.quantile(4, 1));
        assertEquals(0, Demand.quantile(0, 0.4));
        // P(X ≤ 36) = 0.9990, P(X ≤ 35) = 0.9979 of 64 at 0.375: 24 ± 3.9
        assertEquals(36, Demand.quantile(64, 0.375), 1);
        assertEquals(64 - 64 / 4 + 10, Demand.quantile(64, 0.75), 1.1);
        assertTrue(Demand.quantile(4_096, 0.5) > 2_048 + 90 && Demand.quantile(4_096, 0.5) < 2_048 + 105);
        final CostModel speech = CostModel.of(0, 0, MS, 0, 0, 0, 0, 2 * MS);
        final int expected = admission(speech, Demand.steady(0.5, 0), 1).fitting(AUDIO);
        final Admission independent = admission(speech, half(), 1);
        assertEquals(36, expected, 1);
        assertTrue(independent.fitting(AUDIO) < expected - 4, "half of them on average is more now and then");
    }

    /** Sessions that were seen to speak half of the time. */
    private static Demand half() {
        final Demand demand = Demand.ofConversations();
        final BatchWork work = new BatchWork().set(8, 48, 0, 5, 16, 16);
        for (int i = 0; i < 60_000; i++) {
            demand.onBatch(work);
        }
        assertEquals(0.5, demand.speakingShare(), 1e-3);
        return demand;
    }

    @Test
    void shouldNotTakeASilenceForTheEndOfAllTalk() {
        final Demand demand = Demand.ofConversations();
        final BatchWork quiet = new BatchWork().set(8, 48, 0, 0, 0, 0);
        for (int i = 0; i < 100_000; i++) {
            demand.onBatch(quiet);
        }
        assertEquals(1.0 / 6, demand.speakingShare(), 1e-9);
        final Demand steady = Demand.steady(0.25, 3);
        steady.onBatch(quiet);
        assertEquals(0.25, steady.speakingShare());
    }
}
