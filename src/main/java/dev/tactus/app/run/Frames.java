package dev.tactus.app.run;

import dev.tactus.engine.video.FrameSource;
import dev.tactus.engine.video.Letterbox;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A film as letterboxed frames. Several sessions may watch the same film, so a frame is drawn once, then copied to
 * each.
 */
final class Frames implements MediaReader<Frame> {
    private final Opening<FrameSource> opening;
    private final Letterbox letterbox;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment drawn;
    private FrameSource source;

    /**
     * Frames of what {@code opening} opens.
     *
     * @param width of a session's frame
     * @param height of a session's frame
     */
    Frames(final Opening<FrameSource> opening, final int width, final int height) {
        this.opening = opening;
        this.letterbox = new Letterbox(width, height);
        this.drawn = arena.allocate(letterbox.frameBytes());
    }

    @Override
    public Frame next() throws IOException {
        if (source == null) {
            source = opening.open();
        }
        if (!source.next()) {
            return null;
        }
        letterbox.draw(source.frame(), drawn.address());
        return new Frame(source.timeNs(), drawn.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void close() throws IOException {
        arena.close();
        if (source != null) {
            source.close();
        }
    }
}
