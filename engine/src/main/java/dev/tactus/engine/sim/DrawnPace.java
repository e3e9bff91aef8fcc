package dev.tactus.engine.sim;

/** How long the device of a workload takes: about what it says, at times far longer, or for ever. */
final class DrawnPace implements SimDevice.Pace {
    private static final long NS_PER_US = 1_000;
    private static final int MOST_HANG_US = 2_000_000;
    private static final int LEAST_HANG_US = 150_000;
    private static final int MOST_DELAY_US = 200;

    private final SimDraws draws;
    private final Workload workload;
    private final long extraNs;
    private boolean calm;
    private int factor = 1;
    private boolean failing;

    /** Draws of a device; {@code extraNs} is added to every tick. */
    DrawnPace(final SimDraws draws, final Workload workload, final long extraNs) {
        this.draws = draws;
        this.workload = workload;
        this.extraNs = extraNs;
    }

    /** From now on nothing is slow, hangs or fails. */
    void calm() {
        calm = true;
    }

    @Override
    public long delayNs() {
        factor = !calm && draws.perMille(workload.slow) ? draws.between(8, 40) : 1;
        failing = !calm && draws.perMille(workload.fails);
        return draws.below(MOST_DELAY_US) * NS_PER_US;
    }

    @Override
    public long preprocessNs() {
        return about(workload.prefillUs / 4);
    }

    @Override
    public long fuseNs() {
        return about(workload.prefillUs) + extraNs;
    }

    @Override
    public long passNs() {
        if (!calm && draws.perMille(workload.neverReturns)) {
            return Long.MAX_VALUE;
        }
        final long hang = !calm && draws.perMille(workload.hangs) ? draws.between(LEAST_HANG_US, MOST_HANG_US) : 0;
        return about(workload.passUs) + hang * NS_PER_US;
    }

    private long about(final int us) {
        return (us / 2 + draws.below(us + 1)) * NS_PER_US * factor;
    }

    @Override
    public boolean fails() {
        return failing && draws.below(3) == 0;
    }
}
