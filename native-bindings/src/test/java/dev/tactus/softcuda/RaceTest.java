package dev.tactus.softcuda;

import static dev.tactus.softcuda.SoftDriver.SUCCESS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.cuda.NativeBuild;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Launches that are recorded and run again: under the thread sanitizer, and with each barrier deleted once. */
class RaceTest {
    @TempDir
    private Path folder;

    private SoftDriver driver;

    @BeforeEach
    void open() {
        driver = SoftDriver.open();
        driver.set("RECORD", folder.resolve("launches").toString());
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
    }

    /** A command under which addresses are not random, which the sanitizer cannot always stand. */
    private static List<String> fixed(final String... command) {
        final List<String> words = new ArrayList<>();
        if (NativeBuild.onPath("setarch").isPresent()
                && SoftDriver.outcome(List.of("setarch", "-R", "true")).code() == 0) {
            words.addAll(List.of("setarch", "-R"));
        }
        words.addAll(List.of(command));
        return words;
    }

    private String launch(final String kernel) {
        final long out = driver.device(256);
        assertEquals(SUCCESS, driver.run(kernel, 2, 64, 0, out), driver::message);
        return folder.resolve("launches/" + kernel + "-0.launch").toString();
    }

    @Test
    void shouldReplayARecordedLaunchToTheSameMemory() {
        final String replay = SoftDriver.OUT.resolve("softcuda-replay").toString();
        final String library = SoftDriver.OUT.resolve("libfaults-soft.so").toString();
        final String mended = launch("fault_race_mended");
        final String racing = launch("fault_race");
        final String first = SoftDriver.run(List.of(replay, library, "0", mended));
        assertTrue(first.matches("fault_race_mended [0-9a-f]{16}\\R"), first);
        final TreeSet<String> others = new TreeSet<>();
        for (int seed = 0; seed < 4; seed++) {
            final String order = Integer.toString(seed);
            assertEquals(first, SoftDriver.run(List.of(replay, library, order, mended)));
            others.add(SoftDriver.run(List.of(replay, library, order, racing)));
        }
        assertTrue(others.size() > 1, others::toString);
    }

    @Test
    void shouldNameTheLinesOfARace() {
        final String said = SoftDriver.run(List.of(
                "sh",
                SoftDriver.SOURCES.resolve("build.sh").toString(),
                "--thread-sanitizer",
                SoftDriver.OUT.toString()));
        final Path replay = SoftDriver.OUT.resolve("softcuda-replay-tsan");
        assumeTrue(Files.exists(replay), said);
        final String library = SoftDriver.kernels("faults", true).toString();
        final String mended = launch("fault_race_mended");
        final NativeBuild.Outcome sound = SoftDriver.outcome(fixed(replay.toString(), library, "0", mended));
        assertEquals(0, sound.code(), sound::output);
        assertTrue(sound.output().startsWith("fault_race_mended "), sound::output);
        final NativeBuild.Outcome race =
                SoftDriver.outcome(fixed(replay.toString(), library, "0", launch("fault_race")));
        assertEquals(66, race.code(), race::output);
        assertTrue(race.output().contains("data race"), race::output);
        assertTrue(race.output().contains("faults.cu:9 "), race::output);
        assertTrue(race.output().contains("faults.cu:10 "), race::output);
    }

    @Test
    void shouldFindEveryBarrierThatIsDeletedAndNeeded() throws IOException {
        final long out = driver.device(512);
        final long in = driver.device(512);
        final float[] values = new float[128];
        for (int i = 0; i < values.length; i++) {
            values[i] = 1.0f / (i + 1);
        }
        driver.upload(in, values);
        driver.loadMore("reduce");
        assertEquals(SUCCESS, driver.run("reduce_rotated", 1, 128, 0, out, in), driver::message);

        final Path source = SoftDriver.KERNELS.resolve("reduce.cu");
        final NativeBuild.Outcome outcome = SoftDriver.outcome(List.of(
                "env",
                "SOFTCUDA_BUILD=" + SoftDriver.OUT,
                "sh",
                SoftDriver.SOURCES.resolve("mutate.sh").toString(),
                folder.resolve("mutants").toString(),
                folder.resolve("launches").toString(),
                source.toString(),
                source.toString()));
        final List<String> lines = Files.readAllLines(source);
        int spare = 0;
        int needed = 0;
        for (int i = 0; i < lines.size(); i++) {
            final String place = "reduce.cu:" + (i + 1);
            if (lines.get(i).contains("// SPARE")) {
                assertTrue(outcome.output().contains("SURVIVED " + place + "\n"), outcome::output);
                spare++;
            } else if (lines.get(i).contains("// NEEDED")) {
                assertTrue(outcome.output().contains("found " + place + " by "), outcome::output);
                needed++;
            }
        }
        assertEquals(1, outcome.code(), outcome::output);
        assertTrue(
                outcome.output().contains(needed + " of " + (needed + spare) + " deleted barriers found"),
                outcome::output);
    }
}
