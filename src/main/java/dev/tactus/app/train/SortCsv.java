package dev.tactus.app.train;

import dev.tactus.engine.tuning.recipe.StepReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code evaluations.csv}: the loss of held-out data by their sort. Written anew with every evaluation: they are few.
 */
final class SortCsv {
    private static final String HEADER = "step,sort,loss";

    private final Path file;
    private final List<String> rows = new ArrayList<>();

    /** Goes on behind the rows of {@code step}; those behind it belong to steps that are made again. */
    SortCsv(final Path file, final long step) {
        this.file = file;
        try {
            if (Files.exists(file)) {
                for (final String row : Files.readAllLines(file)) {
                    final String first = row.substring(0, Math.max(0, row.indexOf(',')));
                    if (first.matches("\\d{1,18}") && Long.parseLong(first) <= step) {
                        rows.add(row);
                    }
                }
            }
        } catch (final IOException ex) {
            throw LossCsv.unwritable(file, ex);
        }
    }

    /** Adds the evaluation of a step; nothing, and no file, for data of one sort. */
    void add(final StepReport report) {
        if (report.evaluationBySort().isEmpty()) {
            return;
        }
        report.evaluationBySort().forEach((sort, loss) -> rows.add(report.step() + "," + sort + "," + loss));
        final String text = HEADER + '\n' + String.join("\n", rows) + '\n';
        try {
            WholeFile.write(file, text.getBytes(StandardCharsets.UTF_8));
        } catch (final IOException ex) {
            throw LossCsv.unwritable(file, ex);
        }
    }
}
