package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.TargetTiming;
import dev.tactus.scenario.Timeline;
import dev.tactus.scenario.Timeline.Pause;
import dev.tactus.scenario.Timeline.Role;
import dev.tactus.scenario.Timeline.Speech;
import java.util.List;

/** Who speaks when: pauses, interruptions, cuts, and what is no interruption. Stateless. */
final class TurnScore {
    private static final int STOPPED_MS = 400;
    /** Who takes a pause for the end answers so long after its start, when it may be over. */
    private static final int REPLY_LAG_MS = TargetTiming.DEFAULT.replyLagMs();

    private TurnScore() {}

    static void add(final EpisodeRun run, final Answers answers, final Tally tally) {
        run.episode().timeline().pauses().stream()
                .filter(Pause::hesitation)
                .forEach(pause -> pause(run, answers, pause, tally));
        run.episode().timeline().interruptions().forEach(one -> interruption(run, answers, one, tally));
        cuts(run, answers, tally);
        resumed(run, answers, tally);
    }

    private static void pause(final EpisodeRun run, final Answers answers, final Pause pause, final Tally tally) {
        boolean takeover = run.remarks().stream()
                .anyMatch(remark -> remark.startMs() > pause.startMs()
                        && remark.startMs() <= pause.endMs() + REPLY_LAG_MS
                        && !answers.isRight(remark)
                        && !answers.isReply(remark, pause.endMs()));
        for (int t = pause.startMs() / Episode.TICK_MS; (t + 1) * Episode.TICK_MS <= pause.endMs(); t++) {
            takeover |= answers.isWrong(t);
        }
        final int lengthMs = pause.endMs() - pause.startMs();
        if (lengthMs <= 1000) {
            tally.rate(Measure.TAKEOVER_1000, takeover);
            tally.rate(lengthMs <= 500 ? Measure.TAKEOVER_500 : Measure.TAKEOVER_500_1000, takeover);
        } else {
            tally.rate(lengthMs <= 2000 ? Measure.TAKEOVER_2000 : Measure.TAKEOVER_ABANDONED, takeover);
        }
    }

    private static void interruption(
            final EpisodeRun run, final Answers answers, final Timeline.Interruption interruption, final Tally tally) {
        final int lastGood = interruption.tick() - 1;
        tally.mayTime(Measure.STOP_LATENCY);
        tally.mayTime(Measure.STOP_OVERLAP);
        tally.mayRate(Measure.STOPPED);
        if (!run.says(lastGood) && !run.says(lastGood - 1)) {
            return;
        }
        // what follows without a pause is speech that goes on, whatever its words, unless it is what comes next
        int last = run.says(lastGood) ? lastGood : lastGood - 1;
        while (last >= lastGood && run.says(last + 1) && !answers.isDue(last + 1, interruption.tick())) {
            last++;
        }
        final int heardMs = (last + 2) * Episode.TICK_MS;
        final int latencyMs = Math.max(0, heardMs - interruption.knownMs());
        tally.time(Measure.STOP_LATENCY, latencyMs);
        tally.time(Measure.STOP_OVERLAP, Math.max(0, heardMs - interruption.startMs()));
        tally.rate(Measure.STOPPED, latencyMs <= STOPPED_MS);
    }

    /** Cuts that no word of the user explains. */
    private static void cuts(final EpisodeRun run, final Answers answers, final Tally tally) {
        for (int t = 1; t < run.ticks().size(); t++) {
            final int tick = t;
            final boolean explained =
                    run.episode().timeline().interruptions().stream().anyMatch(one -> one.tick() == tick - 1);
            if (!run.episode().tick(t).cut() || explained) {
                continue;
            }
            tally.mayRate(Measure.CUT_OBEYED);
            if (run.tick(t).cut()) {
                final boolean goesOn =
                        run.remarks().stream().anyMatch(remark -> remark.tick() < tick && remark.lastTick() >= tick);
                tally.rate(Measure.CUT_OBEYED, !goesOn && (!run.says(t) || answers.isDue(t, t)));
            }
        }
    }

    private static void resumed(final EpisodeRun run, final Answers answers, final Tally tally) {
        final List<Speech> speeches = run.episode().timeline().speeches();
        for (final Timeline.Turn turn : run.episode().timeline().turns()) {
            if (turn.role() != Role.BACKCHANNEL && turn.role() != Role.SIDE_TALK) {
                continue;
            }
            final int first = turn.startMs() / Episode.TICK_MS;
            final int after = turn.endMs() / Episode.TICK_MS + 1;
            for (int i = 0; i < speeches.size(); i++) {
                final int end = speeches.get(i).tick() + speeches.get(i).sayTicks();
                if (speeches.get(i).tick() < first && after < end) {
                    tally.mayRate(Measure.RESUMED);
                }
                final Remark remark = answers.remark(i).orElse(null);
                final boolean speaks = remark != null && remark.sayTicks() > 0;
                if (!speaks || remark.tick() >= first || remark.lastTick() < first - 1) {
                    continue;
                }
                final Speech speech = speeches.get(i);
                final int endTick = (speech.interrupted() ? speech.tick() : remark.tick()) + speech.sayTicks();
                if (after < endTick) {
                    tally.rate(Measure.RESUMED, remark.lastTick() >= after);
                }
            }
        }
    }
}
