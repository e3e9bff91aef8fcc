package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.AssertionFailedError;

/** Whatever is touched beside a buffer is noticed. */
class GuardedMemoryTest {
    private static final int FLOATS = 1029;

    @ParameterizedTest
    @EnumSource
    void shouldPlaceBuffersAtTheirEdgeAndAligned(final GuardedMemory.Edge edge) {
        assumeTrue(GuardPages.isSupported(), "no guard pages on this system");
        try (GuardedMemory memory = new GuardedMemory(3, edge)) {
            final long page = GuardPages.pageBytes();
            for (int count = 0; count < 40; count++) {
                final long floats = memory.floats(count);
                final long bytes = memory.bytes(count);
                assertEquals(0, floats % 4, "floats are aligned");
                assertEquals(0, bytes % 64, "bytes are aligned");
                if (edge == GuardedMemory.Edge.AT_START) {
                    assertEquals(0, floats % page, "the buffer starts with its page");
                    assertEquals(0, bytes % page, "the buffer starts with its page");
                } else {
                    assertEquals(0, (floats + 4L * count) % page, "the buffer ends with its page");
                    assertTrue((-(bytes + count) & page - 1) < 64, "the buffer ends as near as alignment allows");
                }
                assertEquals(1, memory.weights(WeightType.BF16, count) & 1, "weights are unaligned");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldSeeAWriteBesideABuffer(final GuardedMemory.Edge edge) {
        try (GuardedMemory memory = new GuardedMemory(4, edge)) {
            final long buffer = memory.floats(FLOATS);
            memory.assertGuards("untouched");
            // towards the other edge, where guard bytes stand
            final long beside = edge == GuardedMemory.Edge.AT_START ? buffer + 4L * FLOATS : buffer - 1;
            OffHeap.putByte(beside, (byte) 1);
            final AssertionFailedError error =
                    assertThrows(AssertionFailedError.class, () -> memory.assertGuards("a kernel"));
            assertTrue(error.getMessage().contains("seed 4 " + edge), error.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldEndTheProcessThatReadsBesideABufferAndSayInWhichCase(
            final GuardedMemory.Edge edge, @TempDir final Path directory) throws IOException, InterruptedException {
        assumeTrue(GuardPages.isSupported(), "no guard pages on this system");
        final Path report = directory.resolve("report.log");
        final Process reading = child(directory, report, edge, 1);
        assertNotEquals(0, reading.exitValue(), "a JVM that reads beside a buffer");
        assertTrue(Files.readString(report).contains("guarded, seed 5, " + edge), "the report names the case");
        assertEquals(0, child(directory, report, edge, 0).exitValue(), "a JVM that reads the buffer only");
    }

    private static Process child(
            final Path directory, final Path report, final GuardedMemory.Edge edge, final int floatsBeside)
            throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:ErrorFile=" + report,
                "-XX:-CreateCoredumpOnCrash",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports",
                "java.base/jdk.internal.misc=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Reading.class.getName()));
        command.addAll(List.of(edge.name(), Integer.toString(floatsBeside)));
        final Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("a child JVM did not end");
        }
        return process;
    }

    /** Reads a buffer, and as many floats beside it as it is told. */
    static final class Reading {
        private Reading() {}

        public static void main(final String[] arguments) {
            final GuardedMemory.Edge edge = GuardedMemory.Edge.valueOf(arguments[0]);
            final int beside = Integer.parseInt(arguments[1]);
            try (GuardedMemory memory = new GuardedMemory(5, edge)) {
                final long buffer = memory.gaussians(FLOATS);
                final int from = edge == GuardedMemory.Edge.AT_START ? -beside : 0;
                final int to = edge == GuardedMemory.Edge.AT_START ? FLOATS : FLOATS + beside;
                double sum = 0;
                for (int i = from; i < to; i++) {
                    sum += GuardedMemory.get(buffer, i);
                }
                System.exit(Double.isFinite(sum) ? 0 : 1);
            }
        }
    }
}
