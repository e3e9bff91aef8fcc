package dev.tactus.engine.sim;

import java.util.Locale;
import java.util.function.UnaryOperator;

/** What goes wrong in a run: a setting of the workload, by name. */
public enum Scenario {
    /** Everything is on time. */
    CALM("everything is on time", w -> w),
    /** Sessions that live as long as the run. */
    ENDLESS("sixteen sessions live as long as the run", w -> w.endless(16).phases(8)),
    /** Input that comes after its tick was sealed. */
    LATE_INPUT("input comes after its tick was sealed", w -> w.late(150, 20)),
    /** Input that is held back and comes at once. */
    BURST("input is held back and comes at once", w -> w.bursts(60).late(10, 0)),
    /** Input that is lost, doubled and reordered. */
    LOSSY("input is lost, comes twice, or out of order", w -> w.losses(80, 60, 80)),
    /** Sessions at the limit that come and go. */
    CHURN(
            "sessions come and go at the limit",
            w -> w.sessions(6, 8, 15, 500).controls(20, 300).deaths(5, 0).ghosts(300)),
    /** A device that misses deadlines. */
    SLOW_DEVICE("the device misses deadlines", w -> w.device(150, 0, 0)),
    /** A device that hangs. */
    STUCK_DEVICE(
            "the device hangs, now and then for ever", w -> w.device(10, 30, 4).phases(2)),
    /** Sessions in all slots of the period. */
    SPREAD(
            "sessions are spread over eight slots of the period",
            w -> w.sessions(10, 40, 30, 100).late(20, 10).device(20, 0, 0).phases(8)),
    /** A device that fails, and a model that gives no numbers. */
    FAILING_DEVICE("the device fails and is replaced; logits are not finite", w -> w.failures(12, 8)),
    /** Rings and pools that are full. */
    FULL_RINGS(
            "producers and callers fill pools and rings",
            w -> w.floods(40, 60).lazy(300, 20_000).clock(2, 90_000, 0, 0)),
    /** Consumers that do not poll. */
    LAZY_CONSUMER(
            "consumers do not poll for a long time", w -> w.lazy(700, 60_000).sessions(3, 600, 150, 0)),
    /** A clock that jumps. */
    CLOCK_JUMP("the clock jumps ahead, and stamps are off", w -> w.clock(4, 60_000, 60, 400)),
    /** Microphones whose clock is not the engine's. */
    DRIFT(
            "microphones run slow or fast by up to 2 %, and what they send is lost or comes twice",
            w -> w.drift(900, ProducerClock.MOST_PPM).sessions(4, 160, 150, 0).losses(20, 200, 0)),
    /** Holds, mutes, interruptions and stops. */
    CONTROLS(
            "sessions are held, muted, interrupted and stopped",
            w -> w.controls(300, 800).sessions(5, 30, 80, 0)),
    /** Producers that die. */
    DYING_PRODUCER("producers die with a slot claimed, or inside the ring", w -> w.deaths(12, 12)),
    /** All of it. */
    CHAOS(
            "all of it at once",
            w -> w.sessions(6, 25, 40, 200)
                    .phases(4)
                    .late(40, 10)
                    .losses(20, 20, 20)
                    .bursts(10)
                    .floods(5, 10)
                    .deaths(2, 2)
                    .lazy(150, 30_000)
                    .ghosts(300)
                    .controls(60, 300)
                    .device(30, 6, 1)
                    .failures(3, 2)
                    .clock(1, 40_000, 10, 100)
                    .drift(400, ProducerClock.MOST_PPM)),
    /** Some of it, as the seed draws it: rates that no one thought of. */
    SWARM("faults and rates as the seed draws them", w -> w);

    private static final int STREAM = 5;

    private final String description;
    private final UnaryOperator<Workload> setting;

    Scenario(final String description, final UnaryOperator<Workload> setting) {
        this.description = description;
        this.setting = setting;
    }

    /** The name as the command line writes it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What happens in it. */
    public String description() {
        return description;
    }

    /** The scenario of that label; null when there is none. */
    public static Scenario of(final String label) {
        for (final Scenario scenario : values()) {
            if (scenario.label().equals(label)) {
                return scenario;
            }
        }
        return null;
    }

    Workload workload(final long seed) {
        return this == SWARM ? Workload.drawn(new SimDraws(seed, STREAM, 0)) : setting.apply(new Workload());
    }
}
