package dev.tactus.engine.tuning;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes checkpoints of one name, again and again, until it is killed or cannot: {@code FILE FLOATS FIRST LAST}. The
 * checkpoint of step s holds s in every element.
 */
public final class CheckpointWriterMain {
    private CheckpointWriterMain() {}

    /** Runs until killed, until LAST is written, or until a checkpoint cannot be written, which is printed. */
    public static void main(final String[] arguments) {
        final Path file = Path.of(arguments[0]);
        final int floats = Integer.parseInt(arguments[1]);
        final int last = Integer.parseInt(arguments[3]);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment values = arena.allocate(4L * floats, 64);
            for (int step = Integer.parseInt(arguments[2]); step <= last; step++) {
                save(file, values, step);
                System.out.println("saved " + step);
            }
        } catch (final TrainingException e) {
            System.out.println("refused: " + e.getMessage());
        }
    }

    static void save(final Path file, final MemorySegment values, final int step) {
        final long floats = values.byteSize() / Float.BYTES;
        for (long i = 0; i < floats; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, step);
        }
        final TrainingState state = new TrainingState(Map.of("steps", (long) step), Map.of(), Map.of(), Map.of());
        TrainingCheckpoint.save(file, state, List.of(new StateTensor("values", new long[] {floats}, values.address())));
    }
}
