package dev.tactus.app.train;

import dev.tactus.app.cli.Failures;
import dev.tactus.engine.tuning.TrainingException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** {@code losses.csv}: a row per step, in the file before the step's checkpoint is. One thread. */
final class LossCsv implements AutoCloseable {
    private final Path file;
    private final List<LossRow> rows;
    private final OutputStream out;

    private LossCsv(final Path file, final List<LossRow> rows, final OutputStream out) {
        this.file = file;
        this.rows = rows;
        this.out = out;
    }

    /**
     * Goes on behind the row of {@code step}; what is behind it belongs to steps that are made again.
     *
     * @param step 0 for a new file
     */
    static LossCsv open(final Path file, final long step) {
        final List<LossRow> rows = new ArrayList<>();
        try {
            if (Files.exists(file)) {
                for (final String line : Files.readAllLines(file)) {
                    final LossRow row = LossRow.parse(line);
                    if (row != null && row.step() <= step) {
                        rows.add(row);
                    }
                }
            }
            final StringBuilder text = new StringBuilder(LossRow.HEADER).append('\n');
            rows.forEach(row -> text.append(row.line()).append('\n'));
            WholeFile.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
            return new LossCsv(file, rows, Files.newOutputStream(file, StandardOpenOption.APPEND));
        } catch (final IOException ex) {
            throw unwritable(file, ex);
        }
    }

    /** Appends a row. */
    void add(final LossRow row) {
        rows.add(row);
        try {
            out.write((row.line() + '\n').getBytes(StandardCharsets.UTF_8));
        } catch (final IOException ex) {
            throw unwritable(file, ex);
        }
    }

    /** All rows, those of earlier processes included; grows. */
    List<LossRow> rows() {
        return rows;
    }

    /** Seconds that the last row has. */
    double seconds() {
        return rows.isEmpty() ? 0 : rows.get(rows.size() - 1).seconds();
    }

    static TrainingException unwritable(final Path file, final IOException ex) {
        return new TrainingException(
                file + ": cannot be written: " + Failures.reason(ex)
                        + "; checkpoints are as they were: make room and go on with --resume",
                ex);
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (final IOException ex) {
            throw unwritable(file, ex);
        }
    }
}
