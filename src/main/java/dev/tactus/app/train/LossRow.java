package dev.tactus.app.train;

import dev.tactus.engine.tuning.recipe.StepReport;
import java.util.OptionalDouble;

/**
 * A row of {@code losses.csv}.
 *
 * @param step number of the step, from 1
 * @param loss of the step
 * @param smoothed over about the last ten steps
 * @param learningRate of the step
 * @param gradientNorm before clipping
 * @param positions seen since the run began
 * @param seconds of training since the run began, pauses between processes left out
 * @param evaluation loss of the held-out data, where it was measured
 * @param speech loss of blocks of speech, where there were some
 * @param evaluationSpeech the same of the held-out data
 */
record LossRow(
        long step,
        double loss,
        double smoothed,
        double learningRate,
        double gradientNorm,
        long positions,
        double seconds,
        OptionalDouble evaluation,
        OptionalDouble speech,
        OptionalDouble evaluationSpeech) {
    static final String HEADER =
            "step,loss,smoothed_loss,learning_rate,gradient_norm,positions,seconds,evaluation_loss,speech_loss,"
                    + "evaluation_speech_loss";
    private static final int COLUMNS = 10;

    static LossRow of(final StepReport report, final double seconds) {
        return new LossRow(
                report.step(),
                report.loss(),
                report.smoothed(),
                report.learningRate(),
                report.gradientNorm(),
                report.positions(),
                seconds,
                report.evaluation(),
                report.speech(),
                report.evaluationSpeech());
    }

    /** The row of a line, or null for one that is none, as a killed process leaves. */
    static LossRow parse(final String line) {
        final String[] cells = line.split(",", -1);
        if (cells.length != COLUMNS) {
            return null;
        }
        try {
            return new LossRow(
                    Long.parseLong(cells[0]),
                    Double.parseDouble(cells[1]),
                    Double.parseDouble(cells[2]),
                    Double.parseDouble(cells[3]),
                    Double.parseDouble(cells[4]),
                    Long.parseLong(cells[5]),
                    Double.parseDouble(cells[6]),
                    optional(cells[7]),
                    optional(cells[8]),
                    optional(cells[9]));
        } catch (final NumberFormatException ex) {
            return null;
        }
    }

    private static OptionalDouble optional(final String cell) {
        return cell.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(cell));
    }

    private static String cell(final OptionalDouble value) {
        return value.isPresent() ? Double.toString(value.getAsDouble()) : "";
    }

    /** The line; numbers are written so that they read back bit for bit. */
    String line() {
        return step + "," + loss + "," + smoothed + "," + learningRate + "," + gradientNorm + "," + positions + ","
                + Math.round(seconds * 1000) / 1000.0 + ","
                + cell(evaluation) + "," + cell(speech) + "," + cell(evaluationSpeech);
    }
}
