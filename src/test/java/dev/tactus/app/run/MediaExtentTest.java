package dev.tactus.app.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MediaExtentTest {
    private final MediaExtent extent = new MediaExtent(16);

    @Test
    void shouldRoundSoundUpToTicks() {
        assertEquals(0, extent.ticks());
        extent.audio();
        assertEquals(1, extent.ticks());
        for (int i = 0; i < 4; i++) {
            extent.audio();
        }
        assertEquals(2, extent.ticks());
    }

    @Test
    void shouldShowTheLastPictureAsLongAsTheOneBefore() {
        extent.frame(new Frame(0, null));
        assertEquals(1, extent.ticks());
        extent.frame(new Frame(500_000_000, null));
        assertEquals(5, extent.ticks());
    }

    @Test
    void shouldLastUntilAllTextIsRead() {
        extent.text(new Chunk(400_000_000, new int[33]));
        assertEquals(2 + 3, extent.ticks());
        extent.text(new Chunk(400_000_000, new int[1]));
        assertEquals(2 + 3 + 1, extent.ticks());
    }
}
