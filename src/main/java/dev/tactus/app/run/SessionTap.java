package dev.tactus.app.run;

import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.text.StreamingDecoder;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.scheduler.EndReason;

/** Takes what one session puts out: turns ids into text, counts, writes, and shows the session on the screen. */
final class SessionTap implements SessionHandler {
    private final int number;
    private final Session session;
    private final StreamingDecoder captions;
    private final StreamingDecoder spoken;
    private final RunStats stats;
    private final RunOutput output;
    private final LiveView live;
    private long ticks;
    private EndReason ended;

    /**
     * A tap of {@code session}.
     *
     * @param number of the session in this run
     * @param output null when nothing is written
     * @param live null when nothing is shown
     */
    SessionTap(
            final int number,
            final Session session,
            final TextTokenizer tokenizer,
            final RunStats stats,
            final RunOutput output,
            final LiveView live) {
        this.number = number;
        this.session = session;
        this.captions = tokenizer.decoder();
        this.spoken = tokenizer.decoder();
        this.stats = stats;
        this.output = output;
        this.live = live;
    }

    /** Takes what waits. */
    void poll() {
        session.poll(this);
    }

    @Override
    public void onTick(final TickEvent event) {
        ticks = event.tick() + 1;
        final StringBuilder heard = new StringBuilder();
        final StringBuilder said = new StringBuilder();
        for (int i = 0; i < event.tokens(); i++) {
            if (event.isCaption(i)) {
                heard.append(captions.accept(event.tokenId(i)));
            } else if (event.isSpoken(i)) {
                said.append(spoken.accept(event.tokenId(i)));
            }
        }
        stats.tick(event);
        if (output != null) {
            output.tick(number, event, heard.toString(), said.toString());
        }
        if (live != null) {
            live.show(new TickView(
                    event.tick(),
                    event.reason(),
                    heard.toString(),
                    said.toString(),
                    event.isSaying(),
                    event.wallNs(),
                    event.stageNs(Stage.PREPROCESS),
                    event.stageNs(Stage.FUSE),
                    event.stageNs(Stage.GENERATE),
                    event.stageNs(Stage.SPEAK),
                    event.stageNs(Stage.WAIT)));
        }
    }

    @Override
    public void onEnd(final EndReason reason, final long lived) {
        ended = reason;
        stats.end(reason, session.lostRecords());
        if (output != null) {
            output.end(number, reason, lived, captions.finish(), spoken.finish(), session.lostRecords());
        }
    }

    /** Ticks taken. */
    long ticks() {
        return ticks;
    }

    /** Why the session ended; null while it lives. */
    EndReason ended() {
        return ended;
    }
}
