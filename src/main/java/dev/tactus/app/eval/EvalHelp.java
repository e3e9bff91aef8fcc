package dev.tactus.app.eval;

import dev.tactus.scenario.eval.Measure;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;

/** Puts the definition of every measure behind the options in the help of {@code tactus eval}. */
public final class EvalHelp implements IModelTransformer {
    /** Made by picocli. */
    public EvalHelp() {}

    @Override
    public CommandSpec transform(final CommandSpec spec) {
        final List<String> footer = new ArrayList<>(List.of(
                "",
                "What the model puts out in tick k is heard and seen from the end of the tick on, 200·(k + 1) ms; the"
                        + " vocoder's 45 ms are not added. Every rate stands with the number of things it was measured"
                        + " on and Wilson's 95 %% interval; p50 and p90 are the smallest times that a half and nine"
                        + " tenths do not exceed. A measure with n 0 found nothing to be measured on, such as speech;"
                        + " one that is not there, no occasion in the episodes. A tick that an episode skips is"
                        + " held and gets no input, which leaves"
                        + " the same context behind. The scores are Tactus's own and no other benchmark's.",
                "",
                "Measures:"));
        for (final Measure measure : Measure.values()) {
            footer.add(
                    "- " + measure.label().strip() + ": " + measure.definition().replace("%", "%%"));
        }
        spec.usageMessage().footer(footer.toArray(String[]::new));
        return spec;
    }
}
