package dev.tactus.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.tuning.recipe.StepReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainProgressTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int STEPS = 120;

    @TempDir
    private Path folder;

    private static StepReport report(final long step, final double loss) {
        return new StepReport(step, STEPS, loss, loss, 0.1, 1, step * 500, OptionalDouble.empty());
    }

    /** A step a second. */
    private static String shown(final boolean terminal) {
        final StringWriter text = new StringWriter();
        final TrainProgress progress = new TrainProgress(new PrintWriter(text), terminal, false, 0, 0);
        for (long step = 1; step <= STEPS; step++) {
            progress.step(report(step, 1.0 / step), step * SECOND_NS);
        }
        progress.end();
        return text.toString();
    }

    @Test
    void shouldDrawOneLineOnATerminal() {
        final String text = shown(true);
        assertEquals(1, text.lines().filter(line -> line.endsWith("done")).count());
        assertEquals(STEPS, text.split("\r\u001b\\[K", -1).length - 1, "each step draws it again");
        final String bar = "█".repeat(12) + "░".repeat(12);
        assertTrue(text.contains("step 60/120  " + bar + "  loss 0.0167  500 positions/s  1:00 left"), text);
    }

    @Test
    void shouldStayCalmElsewhere() {
        final String text = shown(false);
        assertEquals(STEPS / 10, text.lines().count(), text);
        assertTrue(text.startsWith("step 10/120  loss 0.1000  500 positions/s  1:50 left"), text);
        assertFalse(text.contains("\u001b"), text);
    }

    @Test
    void shouldTellDurations() {
        assertEquals("0:07", TrainProgress.duration(7.4));
        assertEquals("12:34", TrainProgress.duration(754));
        assertEquals("3:04:05", TrainProgress.duration(11_045));
    }

    @Test
    void shouldDrawAnyCurve() throws IOException {
        final Path file = folder.resolve("l.svg");
        for (final double[] losses : new double[][] {{0}, {2, 2}, {5, 1e-9}, {-1, 3, -0.5}, {1e-300, 1e300}}) {
            final LossRow[] rows = new LossRow[losses.length];
            for (int i = 0; i < losses.length; i++) {
                rows[i] = LossRow.of(report(i + 1, losses[i]), i);
                assertEquals(rows[i].line(), LossRow.parse(rows[i].line()).line());
            }
            LossSvg.write(file, List.of(rows));
            final String svg = Files.readString(file);
            assertFalse(svg.contains("NaN") || svg.contains("Infinity"), svg);
            assertTrue(svg.endsWith("</svg>\n"), svg);
        }
        assertEquals(null, LossRow.parse("12,0.5,0."), "what a killed process leaves");
    }
}
