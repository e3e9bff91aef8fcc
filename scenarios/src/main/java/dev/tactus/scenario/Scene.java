package dev.tactus.scenario;

import java.util.ArrayList;
import java.util.List;

/**
 * What a camera sees: a shape that goes to and fro, a line, and flashes, drawn straight into RGB8. A frame shows the
 * scene at the start of its tick. The shape moves evenly and turns at once, so that its crossings are known exactly.
 * One thread.
 */
final class Scene {
    private static final int ROWS = Episode.FRAME_ROWS;
    private static final int COLUMNS = Episode.FRAME_COLUMNS;
    private static final int[] COLOURS = {0xd02020, 0x2040d0, 0x20a030, 0xd0c020, 0xe0e0e0, 0xe08020, 0x8030a0};
    private static final int SHAPES = 4;
    /** No shape has it. */
    private static final int LINE_COLOUR = 0x20e0e0;

    private static final int LINE_HALF_WIDTH = 3;
    private static final int MAX_AIMS = 300;
    /** Before this long after the command, a crossing could come before the model watches. */
    private static final int SETTLE_MS = 1600;

    private static final int GRAIN = 1 << 12;

    private final boolean line;
    private final boolean vertical; // the line; the shape then moves from left to right
    private final int linePlace;
    private final int background;
    private final int colour;
    private final int flashColour;
    private final double flashStrength;
    private final int shape;
    private final double size;
    private final double across; // place of the shape along the line
    private final byte[] grain = new byte[GRAIN];
    private double periodMs;
    private double phaseMs;
    private double reach; // farthest from the middle of its way
    private double middle; // of its way, from the line

    Scene(final Draws draws, final boolean line) {
        this.line = line;
        vertical = draws.chance(0.5);
        linePlace = (vertical ? COLUMNS : ROWS) / 2 + draws.between(-10, 10);
        background = draws.between(10, 70);
        colour = draws.pick(List.of(0, 1, 2, 3, 4, 5, 6));
        flashColour = draws.chance(0.7) ? 0xffffff : COLOURS[draws.below(COLOURS.length)] | 0x606060;
        flashStrength = draws.uniform(0.6, 1);
        shape = draws.below(SHAPES);
        size = draws.uniform(11, 17);
        across = draws.uniform(0.3, 0.7) * (vertical ? ROWS : COLUMNS);
        final int amount = draws.below(9);
        for (int i = 0; i < GRAIN; i++) {
            grain[i] = (byte) draws.between(-amount, amount);
        }
        move(draws);
    }

    private void move(final Draws draws) {
        periodMs = draws.uniform(4000, 9000);
        phaseMs = draws.uniform(0, periodMs);
        reach = draws.uniform(26, 44);
        middle = draws.uniform(-0.5, 0.5) * reach;
    }

    /**
     * Chooses the shape's way so that it is clear what a model that watches from {@code fromMs} on must say: no
     * crossing soon after, none near the episode's end, and if {@code wanted}, one between.
     */
    void aim(final int fromMs, final boolean wanted, final int lengthMs, final Draws draws) {
        for (int tries = 0; tries < MAX_AIMS; tries++) {
            move(draws);
            boolean clear = true;
            boolean between = false;
            for (final int atMs : crossings(lengthMs)) {
                clear &= atMs < fromMs - 400 || atMs > fromMs + SETTLE_MS && atMs < lengthMs - SETTLE_MS;
                between |= atMs > fromMs + SETTLE_MS;
            }
            if (clear && (between || !wanted)) {
                return;
            }
        }
    }

    /** Whether a model that watches from {@code fromMs} on sees a crossing, the first one clearly after that moment. */
    boolean isClear(final int fromMs, final int lengthMs) {
        boolean between = false;
        for (final int atMs : crossings(lengthMs)) {
            if (atMs >= fromMs - 400 && atMs <= fromMs + SETTLE_MS) {
                return false;
            }
            between |= atMs > fromMs + SETTLE_MS && atMs < lengthMs - SETTLE_MS;
        }
        return between;
    }

    /** The moments before {@code lengthMs} at which the shape's centre is on the line, in milliseconds, rising. */
    List<Integer> crossings(final int lengthMs) {
        final List<Integer> out = new ArrayList<>();
        if (!line) {
            return out;
        }
        final double first = (1 - middle / reach) / 4 * periodMs - phaseMs;
        final double second = (3 + middle / reach) / 4 * periodMs - phaseMs;
        for (int turn = -1; turn * periodMs < lengthMs + 2 * periodMs; turn++) {
            add(out, first + turn * periodMs, lengthMs);
            add(out, second + turn * periodMs, lengthMs);
        }
        out.sort(Integer::compare);
        return out;
    }

    private static void add(final List<Integer> out, final double ms, final int lengthMs) {
        if (ms > 0 && ms < lengthMs) {
            out.add((int) Math.round(ms));
        }
    }

    /** Signed distance of the shape's centre from the line at a time, in pixels. */
    double distance(final double ms) {
        final double turns = (ms + phaseMs) / periodMs;
        final double part = turns - Math.floor(turns);
        return middle + reach * (part < 0.5 ? 4 * part - 1 : 3 - 4 * part);
    }

    /** Draws the frame of a tick. */
    byte[] draw(final int tick, final List<Timeline.Flash> flashes) {
        final int ms = tick * Episode.TICK_MS;
        final byte[] out = new byte[Episode.FRAME_BYTES];
        final double place = linePlace + distance(ms);
        final double x = vertical ? place : across;
        final double y = vertical ? across : place;
        final boolean flash = flashes.stream().anyMatch(one -> one.startMs() <= ms && ms < one.endMs());
        int noise = tick * 977;
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < COLUMNS; column++) {
                int rgb = background * 0x010101;
                if (line && Math.abs((vertical ? column : row) - linePlace) <= LINE_HALF_WIDTH) {
                    rgb = LINE_COLOUR;
                }
                if (inside(column - x, row - y)) {
                    rgb = COLOURS[colour];
                }
                noise = noise * 5 + 0x3039;
                put(out, (row * COLUMNS + column) * 3, rgb, flash, grain[noise >>> 9 & GRAIN - 1]);
            }
        }
        return out;
    }

    private void put(final byte[] out, final int at, final int rgb, final boolean flash, final int grainHere) {
        for (int c = 0; c < 3; c++) {
            final int shift = 16 - 8 * c;
            int value = rgb >> shift & 0xff;
            if (flash) {
                value += (int) (flashStrength * ((flashColour >> shift & 0xff) - value));
            }
            out[at + c] = (byte) Math.max(0, Math.min(255, value + grainHere));
        }
    }

    private boolean inside(final double x, final double y) {
        if (Math.abs(x) > size || Math.abs(y) > size) {
            return false;
        }
        return switch (shape) {
            case 0 -> x * x + y * y <= size * size;
            case 1 -> Math.abs(x) <= 0.85 * size && Math.abs(y) <= 0.85 * size;
            case 2 -> y <= 0.8 * size && Math.abs(x) * 1.8 <= y + size;
            default -> Math.abs(x) * Math.abs(y) <= 0.06 * size * size;
        };
    }
}
