package dev.tactus.app.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.audio.WavReader;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** speech.wav holds what a session said, at the time at which it is heard, and nothing else. */
class SpeechFileTest {
    private static final int TICK = 3200;
    private static final boolean[] SPEAKS = {false, true, true, false, false, true};

    @TempDir
    private Path folder;

    @Test
    void shouldPutSpeechWhereItIsHeard() throws IOException {
        final Path directory = folder.resolve("model");
        RandomModel.write(directory, 1_000_000, 3, false, true);
        final float[] expected = new float[(SPEAKS.length + 1) * TICK];
        final Path out = folder.resolve("out");
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel model = LoadedModel.open(directory, ledger);
                Engine engine = Engine.launch(new EngineContext()
                        .model(model)
                        .threadingMode(ThreadingMode.INVOKER)
                        .pacing(Pacing.STEPPED)
                        .warmUpNs(0)
                        .ledger(ledger));
                RunOutput output = RunOutput.open(out, 2)) {
            final InteractionConfig ids = InteractionConfig.resolve(null, model.config());
            final Session session = engine.open(SessionSpec.of().withScript(ids.speakTokenId(), 100, ids.sayTokenId()));
            for (final boolean speaks : SPEAKS) {
                session.hold(!speaks);
                engine.invoker().tick();
                session.poll(event -> {
                    output.tick(0, event, "", "");
                    for (int i = 0; i < event.speechSamples(); i++) {
                        expected[(int) (event.tick() + 1) * TICK + i] =
                                event.speech().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
                    }
                });
            }
            output.end(0, EndReason.CLOSED, SPEAKS.length, "", "", 0);
            output.end(1, EndReason.CLOSED, SPEAKS.length, "", "", 0);
            output.commit();
        }
        assertArrayEquals(expected, samples(out.resolve("speech.wav"), expected.length), 1 / 32_768f);
        assertArrayEquals(new float[SPEAKS.length * TICK], samples(out.resolve("speech-1.wav"), SPEAKS.length * TICK));
        assertTrue(loudest(expected, 2 * TICK, 4 * TICK) > 0.01f, "it speaks in ticks 1 and 2");
        assertTrue(loudest(expected, 4 * TICK, 4 * TICK + 720) > 0.01f, "45 ms of it come in tick 3");
        assertEquals(0f, loudest(expected, 0, 2 * TICK), "and it was quiet before");
        final List<JsonNode> events = Files.readAllLines(out.resolve("events.jsonl")).stream()
                .map(new JsonMapper()::readTree)
                .toList();
        assertFalse(events.get(0).get("say").asBoolean());
        assertTrue(events.get(1).get("say").asBoolean());
        assertEquals(4, events.get(1).get("blocks").asInt());
        assertEquals(3, events.get(1).get("ids").size());
        assertEquals(1600, events.get(3).get("speech_samples").asInt());
    }

    private static float loudest(final float[] samples, final int from, final int to) {
        float loudest = 0;
        for (int i = from; i < to; i++) {
            loudest = Math.max(loudest, Math.abs(samples[i]));
        }
        return loudest;
    }

    /** All samples of a file, which has so many. */
    private static float[] samples(final Path file, final int count) throws IOException {
        final float[] samples = new float[count];
        try (WavReader reader = WavReader.open(file)) {
            int read = 0;
            int more;
            while (read < count && (more = reader.read(samples, read, count - read)) > 0) {
                read += more;
            }
            assertEquals(count, read, file.toString());
            assertTrue(reader.read(new float[1], 0, 1) <= 0, file + " is longer");
        }
        return samples;
    }
}
