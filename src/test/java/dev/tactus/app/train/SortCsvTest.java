package dev.tactus.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.tactus.engine.tuning.recipe.StepReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SortCsvTest {
    @TempDir
    private Path folder;

    private static StepReport report(final long step, final Map<String, Double> sorts) {
        final OptionalDouble none = OptionalDouble.empty();
        return new StepReport(step, 9, 1, 1, 1, 1, 1, none, none, none, new TreeMap<>(sorts));
    }

    @Test
    void shouldGoOnBehindTheStepOfAResume() throws IOException {
        final Path file = folder.resolve("evaluations.csv");
        final SortCsv first = new SortCsv(file, 0);
        first.add(report(1, Map.of()));
        assertFalse(Files.exists(file));
        first.add(report(2, Map.of("a", 0.5, "b", 1e-9)));
        first.add(report(4, Map.of("a", 0.25)));
        assertEquals(List.of("step,sort,loss", "2,a,0.5", "2,b,1.0E-9", "4,a,0.25"), Files.readAllLines(file));
        new SortCsv(file, 3).add(report(4, Map.of("a", 0.125)));
        assertEquals(List.of("step,sort,loss", "2,a,0.5", "2,b,1.0E-9", "4,a,0.125"), Files.readAllLines(file));
    }
}
