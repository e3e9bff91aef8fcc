package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceReasonTest {
    @Test
    void shouldTakeTheFirstReasonThatApplies() {
        for (int bits = 0; bits < 32; bits++) {
            final boolean spoke = (bits & 1) != 0;
            final boolean late = (bits & 2) != 0;
            final boolean held = (bits & 4) != 0;
            final boolean muted = (bits & 8) != 0;
            final boolean gap = (bits & 16) != 0;
            final List<SilenceReason> apply = new ArrayList<>();
            if (late) {
                apply.add(SilenceReason.STALLED);
            }
            if (spoke) {
                apply.add(SilenceReason.NONE);
            }
            if (held) {
                apply.add(SilenceReason.HELD);
            }
            if (muted) {
                apply.add(SilenceReason.MUTED);
            }
            if (gap) {
                apply.add(SilenceReason.STARVED);
            }
            apply.add(SilenceReason.CHOSE);
            assertEquals(apply.get(0), SilenceReason.first(spoke, late, held, muted, gap), "bits " + bits);
        }
    }

    @Test
    void shouldKeepItsCodes() {
        assertEquals(
                List.of("NONE", "STALLED", "HELD", "MUTED", "STARVED", "CHOSE"),
                List.of(SilenceReason.values()).stream().map(Enum::name).toList());
        for (final SilenceReason reason : SilenceReason.values()) {
            assertEquals(reason, SilenceReason.of(reason.code()));
        }
        for (final EndReason reason : EndReason.values()) {
            assertEquals(reason, EndReason.of(reason.code()));
        }
    }
}
