package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed recipes, with fewer steps, through the real command; then the engine over what they made. */
class TrainRecipesTest {
    private static final int APART = 4;
    private static final List<String> CALLS = List.of("ping", "sun", "thanks", "river", "hello", "knock", "bye");
    private static final List<String> REPLIES =
            List.of("pong", "", "you are welcome", "", "hi there", "who is it", "see you soon");

    @TempDir
    private Path folder;

    @Test
    void shouldTeachAModelToReplyAndAnAdapterANewReply() throws IOException {
        final Path base = train("call-and-reply.json", "\"steps\": 300", "\"steps\": 120");
        try (LoadedModel model = LoadedModel.open(base.resolve("model"), new MemoryLedger())) {
            assertEquals(REPLIES, replies(model, null));
        }
        final Path adapted = train(
                "new-reply-lora.json",
                "\"steps\": 150",
                "\"steps\": 80",
                "../../out/call-and-reply/model",
                base.resolve("model").toString());
        try (LoadedModel model = LoadedModel.open(base.resolve("model"), new MemoryLedger())) {
            final List<String> taught = replies(model, adapted.resolve("adapter"));
            assertEquals("moon", taught.get(CALLS.indexOf("sun")), taught.toString());
            assertEquals("", taught.get(CALLS.indexOf("river")), taught.toString());
            assertEquals("you are welcome", taught.get(CALLS.indexOf("thanks")), taught.toString());
            assertEquals(REPLIES, replies(model, null), "the base is as it was");
        }
    }

    /** Runs a committed recipe, which itself demands a loss, in a folder of its own. */
    private Path train(final String name, final String... replaced) throws IOException {
        final Path recipe = folder.resolve(name);
        Files.writeString(recipe, TrainFixture.replace(TrainFixture.committed(name), replaced));
        final Path out = folder.resolve(name + ".out");
        final Outcome outcome = Outcome.good("train", "--recipe", recipe, "--out", out, "--quiet");
        assertTrue(outcome.out().contains("loss of the held-out data 0.00"), outcome.out());
        final List<String> losses = Files.readAllLines(out.resolve("losses.csv"));
        final int column = List.of(losses.get(0).split(",")).indexOf("evaluation_loss");
        final String last = losses.get(losses.size() - 1);
        assertTrue(Double.parseDouble(last.split(",", -1)[column]) <= 0.01, last);
        return out;
    }

    /** What a session says between two calls, two ticks behind the first of them and at no other time. */
    private static List<String> replies(final LoadedModel model, final Path adapter) {
        final EngineContext context = new EngineContext()
                .model(model)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.STEPPED);
        if (adapter != null) {
            context.adapter("taught", adapter);
        }
        final SessionSpec spec = SessionSpec.of(Modality.TEXT);
        try (TextTokenizer words = TextTokenizer.open(model.directory(), 48, Set.of());
                Engine engine = Engine.launch(context)) {
            final Session session = engine.open(adapter == null ? spec : spec.withAdapter("taught"));
            return CALLS.stream()
                    .map(call -> reply(engine, session, words, call))
                    .toList();
        }
    }

    private static String reply(
            final Engine engine, final Session session, final TextTokenizer words, final String call) {
        final StringBuilder said = new StringBuilder();
        final int[] ids = words.encode(call);
        assertEquals(ids.length, session.text().offer(ids, System.nanoTime()), call);
        for (int tick = 0; tick < APART; tick++) {
            final int behind = tick;
            engine.invoker().tick();
            session.poll(event -> {
                for (int i = 0; i < event.tokens(); i++) {
                    if (event.isSpoken(i)) {
                        assertEquals(2, behind, "ticks behind " + call);
                        said.append(' ').append(words.decode(new int[] {event.tokenId(i)}));
                    }
                }
            });
        }
        return said.toString().strip();
    }
}
