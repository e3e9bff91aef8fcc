package dev.tactus.engine;

import static dev.tactus.engine.EngineFixture.feed;
import static dev.tactus.engine.EngineFixture.step;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.EngineFixture.Listener;
import dev.tactus.engine.device.cpu.QuantizedCache;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.scheduler.Modality;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Quantised weights from the file give the bits of those made at launch, and no others are ever read. */
@Timeout(120)
class QuantizedCacheTest {
    private static final int SLAB = 4096;
    private static final int CHECKSUM = 56;
    private static final int TICKS = 5;
    private static final int MODALITIES = Modality.AUDIO.bit() | Modality.VIDEO.bit() | Modality.TEXT.bit();

    @TempDir
    private Path directory;

    private Path cache;
    private Path weights;

    @BeforeEach
    void copyModel() throws IOException {
        assumeTrue(
                NativeKernels.load().isAvailable(),
                () -> "no C kernels: " + NativeKernels.load().reasons());
        final Path golden = EngineFixture.path("multimodal-moe");
        for (final String name : new String[] {ModelConfig.FILE_NAME, Checkpoint.SINGLE_FILE}) {
            // new files: a copy would be as read-only as the golden may be
            Files.write(directory.resolve(name), Files.readAllBytes(golden.resolve(name)));
        }
        weights = directory.resolve(Checkpoint.SINGLE_FILE);
        cache = directory.resolve(QuantizedCache.FILE_NAME);
    }

    /** What a session puts out, and what launch had to say. */
    private record Heard(List<String> ticks, String note) {}

    private Heard hear(final NumericClass numerics, final boolean cached) {
        try (EngineFixture fixture = new EngineFixture(directory);
                Engine engine = Engine.launch(fixture.context(1)
                        .kernels(KernelChoice.C)
                        .numerics(numerics)
                        .quantizedCache(cached)
                        .warmUpNs(0))) {
            final Session session = engine.open(new SessionSpec(MODALITIES, 7, new SamplingParameters(1f, 60, 0.98f)));
            final Listener heard = new Listener();
            for (int tick = 0; tick < TICKS; tick++) {
                feed(session, MODALITIES, 7, tick);
                step(engine);
                session.poll(heard);
            }
            assertEquals(TICKS, heard.ticks.size());
            return new Heard(heard.ticks, engine.launchNote());
        }
    }

    private Heard cached() {
        return hear(NumericClass.FAST_INT8, true);
    }

    private Heard uncached() {
        return hear(NumericClass.FAST_INT8, false);
    }

    private void assertNoTemporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(
                    List.of(),
                    files.map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith(".tmp.cache"))
                            .toList());
        }
    }

    @Test
    void shouldGiveTheSameBitsWithAndWithout() throws IOException {
        final Heard expected = uncached();
        assertFalse(Files.exists(cache), "only on request");
        assertEquals(expected, cached());
        final byte[] written = Files.readAllBytes(cache);
        assertEquals(expected, cached());
        assertArrayEquals(written, Files.readAllBytes(cache));
        assertEquals("", expected.note());
        assertNoTemporaryFiles();
    }

    @Test
    void shouldReadWhatWasWritten() throws IOException {
        cached();
        final byte[] other = Files.readAllBytes(cache);
        for (int i = SLAB; i < other.length; i += 3) {
            other[i] ^= 1;
        }
        final CRC32C crc = new CRC32C();
        crc.update(other, SLAB, other.length - SLAB);
        ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN).putInt(CHECKSUM, (int) crc.getValue());
        Files.write(cache, other);
        assertNotEquals(uncached().ticks(), cached().ticks(), "other weights with a right checksum are read");
        assertArrayEquals(other, Files.readAllBytes(cache));
    }

    @Test
    void shouldBeUsedForInt8Alone() {
        hear(NumericClass.EXACT, true);
        hear(NumericClass.FAST_BF16, true);
        assertFalse(Files.exists(cache));
    }

    @Test
    void shouldNotReadWhatIsOfAnotherModel() throws IOException {
        cached();
        final byte[] before = Files.readAllBytes(cache);
        final FileTime time = Files.getLastModifiedTime(weights);
        final byte[] model = Files.readAllBytes(weights);
        final int data =
                8 + (int) ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        model[data + 100] ^= 1;
        Files.write(weights, model);
        Files.setLastModifiedTime(weights, time);
        assertReplaced(before, "a byte of the model has changed, its time has not");
        final byte[] second = Files.readAllBytes(cache);
        Files.setLastModifiedTime(weights, FileTime.fromMillis(time.toMillis() + 1000));
        assertReplaced(second, "the time of the model has changed");
        final byte[] third = Files.readAllBytes(cache);
        assertArrayEquals(
                Arrays.copyOfRange(second, SLAB, second.length), Arrays.copyOfRange(third, SLAB, third.length));
    }

    private void assertReplaced(final byte[] before, final String what) throws IOException {
        assertEquals(uncached(), cached(), what);
        final byte[] after = Files.readAllBytes(cache);
        assertFalse(Arrays.equals(before, 0, SLAB, after, 0, SLAB), what);
        assertNoTemporaryFiles();
    }

    @Test
    void shouldReplaceAFileThatIsDamaged() throws IOException {
        final Heard expected = cached();
        final byte[] right = Files.readAllBytes(cache);
        final byte[] garbage = new byte[right.length];
        for (int i = 0; i < garbage.length; i++) {
            garbage[i] = (byte) (i * 31 + 7);
        }
        final byte[][] damaged = {
            Arrays.copyOf(right, right.length - 1),
            Arrays.copyOf(right, right.length + 1),
            Arrays.copyOf(right, SLAB),
            Arrays.copyOf(right, 10),
            new byte[0],
            garbage,
            flipped(right, 0),
            flipped(right, 8),
            flipped(right, 20),
            flipped(right, 48),
            flipped(right, CHECKSUM),
            flipped(right, 60),
            flipped(right, SLAB),
            flipped(right, (SLAB + right.length) / 2),
            flipped(right, right.length - 1)
        };
        for (int i = 0; i < damaged.length; i++) {
            Files.write(cache, damaged[i]);
            assertEquals(expected, cached(), "damage " + i);
            assertArrayEquals(right, Files.readAllBytes(cache), "damage " + i);
        }
        assertNoTemporaryFiles();
    }

    private static byte[] flipped(final byte[] bytes, final int at) {
        final byte[] copy = bytes.clone();
        copy[at] ^= 0x40;
        return copy;
    }

    @Test
    void shouldGoOnWhereNoFileCanBeWritten() throws IOException {
        // a folder with something in it cannot be replaced by a file, whoever asks
        Files.createDirectories(cache.resolve("inside"));
        assertNoted(uncached(), cached());
        assertTrue(Files.isDirectory(cache.resolve("inside")));
        assertNoTemporaryFiles();
    }

    @Test
    void shouldGoOnInAFolderThatIsReadOnly() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            assumeTrue(!Files.isWritable(directory), "root may write anywhere");
            assertNoted(uncached(), cached());
            assertFalse(Files.exists(cache));
        } finally {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private void assertNoted(final Heard expected, final Heard heard) {
        assertEquals(expected.ticks(), heard.ticks());
        final String note = heard.note();
        assertTrue(note.startsWith("the quantised weights are not cached: " + cache + " cannot be written: "), note);
        assertEquals(1, note.lines().count(), note);
    }
}
