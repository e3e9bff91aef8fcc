package dev.tactus.engine.tuning;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The losses by name, each with the options it takes. */
final class NamedLosses {
    private static final String LOW = "low";
    private static final String HIGH = "high";
    private static final String BETA = "beta";
    private static final Map<String, Loss> BY_NAME = new LinkedHashMap<>();

    static {
        BY_NAME.put("cross_entropy", new Loss(List.of(), options -> new CrossEntropyLoss()));
        BY_NAME.put("importance_sampling", new Loss(List.of(), options -> new ImportanceSamplingLoss()));
        final PpoLoss ppo = PpoLoss.standard();
        BY_NAME.put(
                "ppo",
                new Loss(List.of(LOW, HIGH), o -> new PpoLoss(option(o, LOW, ppo.low()), option(o, HIGH, ppo.high()))));
        final CispoLoss cispo = CispoLoss.standard();
        BY_NAME.put(
                "cispo",
                new Loss(
                        List.of(LOW, HIGH),
                        o -> new CispoLoss(option(o, LOW, cispo.low()), option(o, HIGH, cispo.high()))));
        BY_NAME.put("dro", new Loss(List.of(BETA), o -> new DroLoss(required("dro", o, BETA))));
    }

    /** The options a loss takes, and how it is made from their values. */
    private record Loss(List<String> options, Function<Map<String, Double>, TokenLoss> maker) {}

    private NamedLosses() {}

    static TokenLoss of(final String name, final Map<String, Double> options) {
        final Loss loss = BY_NAME.get(name);
        if (loss == null) {
            throw new IllegalArgumentException("loss: \"" + name + "\": expected one of " + BY_NAME.keySet());
        }
        for (final String option : options.keySet()) {
            if (!loss.options().contains(option)) {
                throw new IllegalArgumentException("loss " + name + ": option \"" + option + "\": expected "
                        + (loss.options().isEmpty() ? "no options" : "one of " + loss.options()));
            }
        }
        return loss.maker().apply(options);
    }

    private static float option(final Map<String, Double> options, final String name, final float standard) {
        final Double value = options.get(name);
        return value == null ? standard : value.floatValue();
    }

    private static float required(final String loss, final Map<String, Double> options, final String name) {
        final Double value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("loss " + loss + ": no option \"" + name + "\": expected a number");
        }
        return value.floatValue();
    }
}
