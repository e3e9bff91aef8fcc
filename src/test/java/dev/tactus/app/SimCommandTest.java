package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SimCommandTest {
    @TempDir
    private Path folder;

    @Test
    void shouldTellOfEverySeedTheSameAgain() throws IOException {
        final Path json = folder.resolve("sim.json");
        final Object[] line = {"sim", "--seeds", "1..3", "--ticks", 30, "--scenario", "lossy", "--json", json};
        final Outcome first = Outcome.good(line);
        final byte[] written = Files.readAllBytes(json);
        assertEquals(first, Outcome.good(line));
        assertEquals(new String(written), Files.readString(json));
        final List<String> lines = first.out().lines().toList();
        assertEquals(4, lines.size(), first.out());
        for (int i = 0; i < 3; i++) {
            final String seed = lines.get(i);
            assertTrue(seed.startsWith("seed " + (i + 1) + "  lossy  30 ticks  "), seed);
            assertTrue(seed.matches(".* session ticks  .* events .*starved [0-9]+ .*  hash [0-9a-f]{16}"), seed);
        }
        assertTrue(lines.get(3).startsWith("3 runs  "), lines.get(3));
        final JsonNode report = JsonMapper.shared().readTree(written);
        assertEquals(3, report.get("runs").size());
        assertEquals(0, report.get("violations").asInt());
        assertTrue(lines.get(3).endsWith(report.get("folded_hash").asString()), lines.get(3));
        assertTrue(lines.get(0).endsWith(report.get("runs").get(0).get("hash").asString()), lines.get(0));
    }

    @Test
    void shouldRunEveryScenario() {
        final String out = Outcome.good("sim", "--seed", 2, "--ticks", 5, "--scenario", "all")
                .out();
        for (final String scenario : new String[] {"calm", "stuck-device", "lazy-consumer", "chaos", "18 runs"}) {
            assertTrue(out.contains(scenario), () -> scenario + " in:\n" + out);
        }
        assertFalse(Outcome.good("sim", "--ticks", 5, "--quiet").out().contains("seed"));
    }

    @Test
    void shouldSayWhatWasFoundAndHowToReplayIt() {
        final Outcome outcome = Outcome.of("sim", "--seed", 5, "--ticks", 40, "--plant", "gap-uncounted");
        assertEquals(Main.EXIT_FAILED, outcome.code(), outcome.err());
        assertEquals("", outcome.err());
        final List<String> lines = outcome.out().lines().toList();
        assertEquals(2, lines.size(), outcome.out());
        assertTrue(lines.get(0).startsWith("violation: seed 5, scenario chaos, tick "), lines.get(0));
        assertTrue(lines.get(0).contains(", gaps: expected "), lines.get(0));
        final String replay = "replay: tactus sim --seed 5 --scenario chaos --ticks 40 --plant gap-uncounted";
        assertEquals(replay, lines.get(1));
        final Object[] again = replay.substring("replay: tactus ".length()).split(" ");
        assertEquals(outcome, Outcome.of(again));
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        Outcome.of("sim", "--seeds", "4..2").assertBadInput("--seeds", "4..2", "rising");
        Outcome.of("sim", "--seeds", "4").assertBadInput("--seeds", "FROM..TO");
        Outcome.of("sim", "--seeds", "1..2", "--seed", 1).assertBadInput("--seeds", "one of the two");
        Outcome.of("sim", "--ticks", 0).assertBadInput("--ticks", "1 to 432000");
        Outcome.of("sim", "--scenario", "storm")
                .assertBadInput("--scenario", "storm", "calm, endless, late-input", "all");
        Outcome.of("sim", "--plant", "weed").assertBadInput("--plant", "weed");
        Outcome.of("sim", "--json", folder).assertBadInput("--json", "a directory");
    }
}
