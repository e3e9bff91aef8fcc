package dev.tactus.app.run;

import dev.tactus.engine.EngineContext;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.scheduler.EndReason;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * {@code events.jsonl}: one JSON object per line and tick of every session, and one at each session's end. A line is
 * written whole or not at all.
 *
 * <pre>
 * {"event":"tick","session":0,"tick":3,"time_ms":800,"reason":"none","captions":"","text":"hello","ids":[3,57,8],
 *  "say":true,"blocks":4,"speech_samples":3200,
 *  "rows":18,"audio_gaps":0,"video_gaps":0,"dropped":0,"wall_ns":…,"unattributed_ns":…,
 *  "stages_ns":{"capture":…,…}}
 * {"event":"end","session":0,"reason":"closed","ticks":30,"captions":"","text":"","lost":0}
 * </pre>
 *
 * {@code time_ms} is the end of the tick on the session's media clock, and when its speech begins to be heard.
 */
final class EventLog implements Closeable {
    private static final JsonFactory JSON = new JsonFactory();
    private static final long NS_PER_MS = 1_000_000;

    private final OutputStream out;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(1024);

    /** Lines to {@code out}, which is closed with this and should not buffer. */
    EventLog(final OutputStream out) {
        this.out = out;
    }

    /** Writes a tick. */
    void tick(final int session, final TickEvent event, final String captions, final String text) throws IOException {
        try (JsonGenerator json = begin("tick", session)) {
            json.writeNumberProperty("tick", event.tick());
            json.writeNumberProperty("time_ms", (event.tick() + 1) * (EngineContext.PERIOD_NS / NS_PER_MS));
            json.writeStringProperty("reason", TickLine.reason(event.reason()));
            json.writeStringProperty("captions", captions);
            json.writeStringProperty("text", text);
            json.writeArrayPropertyStart("ids");
            int blocks = 0;
            for (int i = 0; i < event.tokens(); i++) {
                if (event.tokenId(i) == TickEvent.BLOCK) {
                    blocks++;
                } else {
                    json.writeNumber(event.tokenId(i));
                }
            }
            json.writeEndArray();
            json.writeBooleanProperty("say", event.isSaying());
            json.writeNumberProperty("blocks", blocks);
            json.writeNumberProperty("speech_samples", event.speechSamples());
            json.writeNumberProperty("rows", LedgerRow.rows(event.row(), event.rowOffset()));
            json.writeNumberProperty("audio_gaps", LedgerRow.audioGaps(event.row(), event.rowOffset()));
            json.writeNumberProperty("video_gaps", LedgerRow.videoGaps(event.row(), event.rowOffset()));
            json.writeNumberProperty("dropped", LedgerRow.dropped(event.row(), event.rowOffset()));
            json.writeNumberProperty("wall_ns", event.wallNs());
            json.writeNumberProperty("unattributed_ns", event.unattributedNs());
            json.writeObjectPropertyStart("stages_ns");
            for (int i = 0; i < Stage.COUNT; i++) {
                json.writeNumberProperty(Stage.of(i).label(), event.stageNs(Stage.of(i)));
            }
            json.writeEndObject();
            json.writeEndObject();
        }
        writeLine();
    }

    /** Writes a session's end; {@code captions} and {@code text} are what had been held back. */
    void end(
            final int session,
            final EndReason reason,
            final long ticks,
            final String captions,
            final String text,
            final long lost)
            throws IOException {
        try (JsonGenerator json = begin("end", session)) {
            json.writeStringProperty("reason", reason.name().toLowerCase(Locale.ROOT));
            json.writeNumberProperty("ticks", ticks);
            json.writeStringProperty("captions", captions);
            json.writeStringProperty("text", text);
            json.writeNumberProperty("lost", lost);
            json.writeEndObject();
        }
        writeLine();
    }

    private JsonGenerator begin(final String kind, final int session) {
        line.reset();
        final JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), line);
        json.writeStartObject();
        json.writeStringProperty("event", kind);
        json.writeNumberProperty("session", session);
        return json;
    }

    private void writeLine() throws IOException {
        line.write('\n');
        line.writeTo(out);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
