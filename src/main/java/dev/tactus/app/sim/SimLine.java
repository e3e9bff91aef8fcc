package dev.tactus.app.sim;

import dev.tactus.engine.sim.Plant;
import dev.tactus.engine.sim.SimReport;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.SilenceReason;
import java.util.Locale;

/** What the screen says of a seed. */
final class SimLine {
    private SimLine() {}

    /** One line: what was run, what happened by reason, and the hash of its events. */
    static String of(final SimReport report) {
        final StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "seed %d  %s  %d ticks  %,d session ticks  %,d events ",
                report.seed(),
                report.scenario().label(),
                report.ticks(),
                report.sessionTicks(),
                report.events()));
        for (final SilenceReason reason : SilenceReason.values()) {
            count(line, reason == SilenceReason.NONE ? "spoke" : name(reason), report.reason(reason));
        }
        line.append("  ends");
        for (final EndReason reason : EndReason.values()) {
            count(line, name(reason), report.end(reason));
        }
        count(line, "launches", report.launches());
        return line.append("  hash ").append(hash(report.hash())).toString();
    }

    private static void count(final StringBuilder line, final String what, final long count) {
        if (count > 0) {
            line.append(' ').append(what).append(' ').append(count);
        }
    }

    /** A reason as lines and files write it. */
    static String name(final Enum<?> reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** 16 hexadecimal digits. */
    static String hash(final long hash) {
        return String.format(Locale.ROOT, "%016x", hash);
    }

    /** The command that runs a seed again. */
    static String replay(final SimReport report, final Plant plant) {
        return "replay: tactus sim --seed " + report.seed() + " --scenario "
                + report.scenario().label() + " --ticks " + report.ticks()
                + (plant == Plant.NONE ? "" : " --plant " + name(plant));
    }
}
