package dev.tactus.app.run;

import dev.tactus.scheduler.SilenceReason;

/**
 * What the live line shows of a tick.
 *
 * @param number session tick, from 0
 * @param reason why it was silent; NONE when it was not
 * @param captions what the user said, as far as it became complete
 * @param text what the model says, as far as it became complete
 * @param speaks whether it brings speech
 * @param wallNs oldest capture to emit
 * @param preprocessNs stage
 * @param fuseNs stage
 * @param generateNs stage
 * @param speakNs stage
 * @param waitNs stage
 */
record TickView(
        long number,
        SilenceReason reason,
        String captions,
        String text,
        boolean speaks,
        long wallNs,
        long preprocessNs,
        long fuseNs,
        long generateNs,
        long speakNs,
        long waitNs) {
    /** Whether nothing became visible. */
    boolean isSilent() {
        return captions.isEmpty() && text.isEmpty() && !speaks;
    }
}
