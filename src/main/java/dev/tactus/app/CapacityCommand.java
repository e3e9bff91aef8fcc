package dev.tactus.app;

import dev.tactus.app.capacity.CapacityJob;
import dev.tactus.app.capacity.CapacitySettings;
import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.ComputeOptions;
import dev.tactus.app.cli.ModelOptions;
import dev.tactus.app.cli.Terminal;
import dev.tactus.scheduler.Modality;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus capacity}: how many sessions of a model this machine holds, predicted and measured. */
@Command(
        name = "capacity",
        sortOptions = false,
        description = "How many sessions of a model hold their deadline on this machine: what the cost model of"
                + " admission predicts after a calibration of seconds, and what live sessions at real time show.",
        footer = {
            "",
            "A number of sessions holds when less than one tick in a thousand comes out later than 200 ms after its"
                    + " beat. The sessions hear and see noise; those that speak do so in every tick, so that the load"
                    + " is known. Steal is the share of the CPUs that other guests of the host took meanwhile."
        })
public final class CapacityCommand implements Callable<Integer> {
    private static final double NS_PER_SECOND = 1e9;
    private static final double MOST_SECONDS = 3_600;
    private static final int MOST_PHASES = 64;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Mixin
    private ComputeOptions compute;

    @Option(
            names = "--modalities",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "audio",
            description = "What each session has: audio, or audio,video. Default: ${DEFAULT-VALUE}.")
    private List<String> modalities;

    @Option(
            names = "--speaking",
            paramLabel = "SHARE",
            defaultValue = "0",
            description = "Share of the sessions that speak in every tick, 0 to 1. Default: ${DEFAULT-VALUE}.")
    private double speaking;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "10",
            description = "How long each number of sessions is measured. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(
            names = "--settle",
            paramLabel = "N",
            defaultValue = "3",
            description = "Seconds before each that do not count. Default: ${DEFAULT-VALUE}.")
    private double settle;

    @Option(
            names = "--fill",
            paramLabel = "N",
            defaultValue = "60",
            description = "Most seconds for sessions to fill their contexts before the first measurement."
                    + " Default: ${DEFAULT-VALUE}.")
    private double fill;

    @Option(
            names = "--context",
            paramLabel = "N",
            description = "Positions that sessions remember, 1 or more. Default: the global window of the model.")
    private Integer context;

    @Option(
            names = "--calibration",
            paramLabel = "N",
            defaultValue = "4",
            description = "Most seconds to calibrate. Default: ${DEFAULT-VALUE}.")
    private double calibration;

    @Option(
            names = "--phases",
            paramLabel = "N",
            description = "Slots of the 200 ms over which sessions are spread, 1 to 64. Default: the engine's choice.")
    private Integer phases;

    /** Calibrates, measures and prints. */
    @Override
    public Integer call() {
        VectorModule.load();
        new CapacityJob(
                        settings(),
                        spec.commandLine().getOut(),
                        spec.commandLine().getErr())
                .execute();
        return Main.EXIT_OK;
    }

    private CapacitySettings settings() {
        if (!(speaking >= 0 && speaking <= 1)) {
            throw BadInputException.of("--speaking", speaking, "0 to 1");
        }
        if (phases != null && (phases < 1 || phases > MOST_PHASES)) {
            throw BadInputException.of("--phases", phases, "1 to " + MOST_PHASES);
        }
        if (context != null && context < 1) {
            throw BadInputException.of("--context", context, "1 or more");
        }
        if (model.adapter() != null) {
            throw BadInputException.of("--adapter", model.adapter(), "none: sessions of the base are measured");
        }
        return new CapacitySettings(
                model.folder(),
                model.interaction(),
                bits(),
                speaking,
                phases == null ? 0 : phases,
                compute.threads(),
                compute.kernels(),
                context == null ? 0 : context,
                ns("--calibration", calibration),
                ns("--fill", fill),
                ns("--settle", settle),
                ns("--seconds", seconds),
                Terminal.isThere());
    }

    private int bits() {
        int bits = 0;
        for (final String name : modalities) {
            final Modality found = Arrays.stream(new Modality[] {Modality.AUDIO, Modality.VIDEO})
                    .filter(each -> each.name().equals(name.trim().toUpperCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> BadInputException.of("--modalities", name, "audio, video"));
            bits |= found.bit();
        }
        return bits;
    }

    private static long ns(final String option, final double value) {
        if (!(value > 0 && value <= MOST_SECONDS)) {
            throw BadInputException.of(option, value, "more than 0, at most 3600");
        }
        return (long) (value * NS_PER_SECOND);
    }
}
