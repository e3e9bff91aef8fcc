package dev.tactus.app.sim;

import dev.tactus.engine.sim.SimReport;
import dev.tactus.engine.sim.Violation;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.SilenceReason;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The reports of a range of seeds as one JSON object. It says nothing of the machine or the time, so the same range
 * gives the same bytes.
 *
 * <pre>
 * {"from":0,"to":9,"ticks":200,"runs":[
 *   {"seed":0,"scenario":"chaos","beats":…,"sessions":…,"session_ticks":…,"events":…,"launches":…,
 *    "refused_sessions":…,"refused_media":…,"lost_events":…,"reasons":{"none":…,…},"ends":{"closed":…,…},
 *    "hash":"…"}, …],
 *  "violations":1,"folded_hash":"…"}
 * </pre>
 *
 * A run in which something was found also has {@code "violation": {check, tick, session, expected, found}}.
 */
final class SimJson implements Closeable {
    private static final JsonFactory JSON = new JsonFactory();

    private final JsonGenerator json;

    SimJson(final SimSettings settings) throws IOException {
        json = JSON.createGenerator(
                ObjectWriteContext.empty(), new BufferedOutputStream(Files.newOutputStream(settings.json())));
        json.writeStartObject();
        json.writeNumberProperty("from", settings.from());
        json.writeNumberProperty("to", settings.to());
        json.writeNumberProperty("ticks", settings.ticks());
        json.writeArrayPropertyStart("runs");
    }

    void run(final SimReport report) {
        json.writeStartObject();
        json.writeNumberProperty("seed", report.seed());
        json.writeStringProperty("scenario", report.scenario().label());
        json.writeNumberProperty("beats", report.beats());
        json.writeNumberProperty("sessions", report.sessions());
        json.writeNumberProperty("session_ticks", report.sessionTicks());
        json.writeNumberProperty("events", report.events());
        json.writeNumberProperty("launches", report.launches());
        json.writeNumberProperty("refused_sessions", report.refusals());
        json.writeNumberProperty("refused_media", report.refusedMedia());
        json.writeNumberProperty("lost_events", report.lostEvents());
        json.writeObjectPropertyStart("reasons");
        for (final SilenceReason reason : SilenceReason.values()) {
            json.writeNumberProperty(SimLine.name(reason), report.reason(reason));
        }
        json.writeEndObject();
        json.writeObjectPropertyStart("ends");
        for (final EndReason reason : EndReason.values()) {
            json.writeNumberProperty(SimLine.name(reason), report.end(reason));
        }
        json.writeEndObject();
        json.writeStringProperty("hash", SimLine.hash(report.hash()));
        report.violation().ifPresent(this::violation);
        json.writeEndObject();
    }

    private void violation(final Violation violation) {
        json.writeObjectPropertyStart("violation");
        json.writeStringProperty("check", SimLine.name(violation.check()));
        json.writeNumberProperty("tick", violation.beat());
        json.writeNumberProperty("session", violation.session());
        json.writeStringProperty("expected", violation.expected());
        json.writeStringProperty("found", violation.found());
        json.writeEndObject();
    }

    /** Ends the file. */
    void end(final int violations, final long folded) {
        json.writeEndArray();
        json.writeNumberProperty("violations", violations);
        json.writeStringProperty("folded_hash", SimLine.hash(folded));
        json.writeEndObject();
    }

    @Override
    public void close() {
        json.close();
    }
}
