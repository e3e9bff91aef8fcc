package dev.tactus.engine.sim;

import dev.tactus.scheduler.LadderStep;

/** What a lone run needs to repeat a session's tick: what the seal decided, and what was in the slots it named. */
final class LoneTick {
    final long tick;
    final int flags;
    final int skippedBefore;

    /** What the ladder made it do without. */
    final LadderStep step;

    /** The stamps of its audio; 0 for a gap. */
    final long[] audio;

    /** The stamp of its frame; 0 for a gap. */
    final long video;

    final int[] text;

    /** What came out, as {@link OutputHash} has it; told once the tick is emitted. */
    long output;

    /** Whether it was emitted, and the device had not failed. */
    boolean complete;

    LoneTick(
            final long tick,
            final int flags,
            final int skippedBefore,
            final LadderStep step,
            final long[] audio,
            final long video,
            final int[] text) {
        this.tick = tick;
        this.flags = flags;
        this.skippedBefore = skippedBefore;
        this.step = step;
        this.audio = audio;
        this.video = video;
        this.text = text;
    }
}
