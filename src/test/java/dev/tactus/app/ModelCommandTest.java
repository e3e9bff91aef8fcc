package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCommandTest {
    @TempDir
    private Path folder;

    @Test
    void shouldMakeARandomModelAndPrintItsExactSizes() throws IOException {
        final Path out = folder.resolve("deep/m");
        final Outcome outcome = Outcome.good("model", "random", "--params", "1.1M", "--out", out, "--seed", 7);
        final Matcher parameters = Pattern.compile(": ([0-9,]+) parameters").matcher(outcome.out());
        assertTrue(parameters.find(), outcome.out());
        final long count = Long.parseLong(parameters.group(1).replace(",", ""));
        assertTrue(Math.abs(count - 1_100_000) <= 0.08 * 1_100_000, () -> count + " parameters");
        final String[] total =
                outcome.out().lines().reduce((a, b) -> b).orElseThrow().strip().split(" +");
        assertEquals("total", total[0]);
        final long bytes = Long.parseLong(total[2].replace(",", ""));
        final long header = Files.size(out.resolve("model.safetensors")) - bytes;
        assertTrue(header > 0 && header < 64 << 10, () -> header + " bytes beside the tensors");
        final long summed = outcome.out()
                .lines()
                .skip(2)
                .filter(line -> !line.strip().startsWith("total"))
                .mapToLong(line ->
                        Long.parseLong(line.substring(line.lastIndexOf(' ') + 1).replace(",", "")))
                .sum();
        assertEquals(bytes, summed, "the lines add up");
        Outcome.of("model", "random", "--params", "1.1M", "--out", out).assertBadInput(out.toString(), "exists");
    }

    @Test
    void shouldWriteAndListAVoice() {
        final Path out = folder.resolve("voice");
        final Outcome written = Outcome.good("model", "random", "--params", "1M", "--voice", "--out", out);
        assertTrue(written.out().contains("audio_out.flow.blocks.2.a.weight"), written.out());
        final String inspected = Outcome.good("model", "inspect", out).out();
        for (final String part : new String[] {"voice: flow head", "voice: encoder, mel statistics", "speaks "}) {
            assertTrue(inspected.contains(part), () -> part + " in:\n" + inspected);
        }
        assertTrue(!inspected.contains("sessions have no voice"), inspected);
    }

    @Test
    void shouldRefuseRandomModelsOfNoSize() {
        for (final String size : new String[] {"lots", "3", "900B", "-1M"}) {
            Outcome.of("model", "random", "--params", size, "--out", folder.resolve("m"))
                    .assertBadInput("parameters");
        }
    }

    @Test
    void shouldInspectAnInteractionModel() throws IOException {
        final Outcome outcome = Outcome.good("model", "inspect", Fixture.model(folder), "--sessions", 3);
        for (final String part : new String[] {
            "hears ",
            "sees ",
            "embedding ",
            "attention ",
            "image encoder ",
            "audio encoder ",
            "local, 512",
            "global",
            "bytes per session, constant",
            "136 s listening",
            "memory of an engine for 3 sessions",
            "3 × ",
            "tokenizer.json",
            "model.audio_out"
        }) {
            assertTrue(outcome.out().contains(part), () -> part + " in:\n" + outcome.out());
        }
        assertTrue(!outcome.out().contains("interaction_config"), outcome.out());
    }

    @Test
    void shouldSayWhatAPublishedCheckpointLacks() throws IOException {
        final Path without = folder.resolve("without");
        Fixture.rewrite(Fixture.golden("text-dense"), without, name -> Fixture.isEncoder(name) ? Fixture.ABSENT : null);
        final String dense = Outcome.good("model", "inspect", without).out();
        for (final String part : new String[] {"interaction_config", "model.audio ", "model.visual ", "no (no"}) {
            assertTrue(dense.contains(part), () -> part + " in:\n" + dense);
        }
        final String experts = Outcome.good("model", "inspect", Fixture.golden("multimodal-moe"))
                .out();
        assertTrue(experts.contains("3 of 8 experts and 2 shared"), experts);
    }

    @Test
    void shouldRefuseModelsThatAreNone() {
        Outcome.of("model", "inspect", folder.resolve("absent")).assertBadInput("absent");
        Outcome.of("model", "inspect").assertBadInput("DIR");
        Outcome.of("model", "inspect", Fixture.golden("text-dense"), "--sessions", 0)
                .assertBadInput("--sessions");
        Outcome.of("model", "inspect", Fixture.golden("text-dense"), "--interaction", "absent.json")
                .assertBadInput("absent.json");
    }
}
