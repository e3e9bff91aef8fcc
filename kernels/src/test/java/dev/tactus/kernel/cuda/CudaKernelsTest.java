package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The compiled kernels are those of the sources, and what a manifest must have is asked for. */
class CudaKernelsTest {
    private static final Path MAIN = Path.of(System.getProperty("basedir", "kernels"), "src/main");
    private static final Path STORED = MAIN.resolve("resources/dev/tactus/kernel/cuda");
    private static final Pattern EXPORTED = Pattern.compile("^EXPORT_KERNEL\\((tactus_\\w+)\\)", Pattern.MULTILINE);

    @Test
    void shouldHaveTheKernelsOfTheseSourcesInTheResources() throws IOException, NoSuchAlgorithmException {
        final String json = Files.readString(STORED.resolve("tactus-kernels.json"));
        final KernelManifest manifest = KernelManifest.parse(json);
        assertEquals(
                hashOfSources(),
                manifest.sources(),
                () -> "compile them where nvcc is: sh " + MAIN.resolve("cuda/build.sh") + " " + STORED);
        assertEquals(exported(), new TreeSet<>(manifest.kernels()));
        for (final String architecture : List.of("sm_80", "sm_90a", "sm_100")) {
            final Pattern unspilled =
                    Pattern.compile("\"" + architecture + "\": \\{\"registers\": \\d+, \"spilled\": 0,");
            assertEquals(
                    manifest.kernels().size(), unspilled.matcher(json).results().count(), architecture);
        }
    }

    /** As {@code build.sh} has it. */
    private static String hashOfSources() throws IOException, NoSuchAlgorithmException {
        final MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(Files.readAllBytes(MAIN.resolve("cuda/build.sh")));
        digest.update(Files.readAllBytes(MAIN.resolve("c/elementary_table.h")));
        for (final Path source : sources()) {
            digest.update(Files.readAllBytes(source));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.list(MAIN.resolve("cuda"))) {
            return files.filter(file -> file.getFileName().toString().matches(".*\\.(cu|cuh|h)"))
                    .sorted()
                    .toList();
        }
    }

    private static Set<String> exported() throws IOException {
        final Set<String> names = new TreeSet<>();
        for (final Path source : sources()) {
            final Matcher matcher = EXPORTED.matcher(Files.readString(source));
            names.addAll(matcher.results().map(result -> result.group(1)).collect(Collectors.toSet()));
        }
        return names;
    }

    @Test
    void shouldLoadEveryKernelWithTheParametersOfItsManifest() throws IOException {
        try (DeviceUnderTest device = new DeviceUnderTest(1)) {
            assertEquals(exported(), new TreeSet<>(device.kernels().names()));
            for (final String name : device.kernels().names()) {
                assertEquals(name, device.kernels().function(name).name());
            }
            assertTrue(
                    device.kernels().sources().matches("[0-9a-f]{64}"),
                    device.kernels().sources());
        }
    }

    @Test
    void shouldNameTheKernelThatDoesNotExist() {
        try (DeviceUnderTest device = new DeviceUnderTest(2)) {
            final String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> device.kernels().function("tactus_absent"))
                    .getMessage();
            assertTrue(message.contains("tactus_absent"), message);
        }
    }

    @Test
    void shouldRefuseAManifestWithoutAHashOrKernels() {
        assertManifestRefused("no hash", "{}");
        assertManifestRefused("names none", "{\"sources\": \"" + "0".repeat(64) + "\"}");
    }

    private static void assertManifestRefused(final String part, final String json) {
        final String message = assertThrows(IllegalArgumentException.class, () -> KernelManifest.parse(json))
                .getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void shouldReadParametersOfAManifest() {
        final KernelManifest manifest = KernelManifest.parse("{\n  \"sources\": \"" + "a".repeat(64)
                + "\",\n  \"kernels\": {\n    \"tactus_one\": {\"parameters\": [8, 24, 4], \"sm_80\": {}},\n"
                + "    \"tactus_two\": {\"parameters\": []}\n  }\n}\n");
        assertEquals(Set.of("tactus_one", "tactus_two"), manifest.kernels());
        assertEquals(List.of(8, 24, 4), boxed(manifest.parameterBytes("tactus_one")));
        assertEquals(List.of(), boxed(manifest.parameterBytes("tactus_two")));
    }

    private static List<Integer> boxed(final int[] values) {
        return Arrays.stream(values).boxed().toList();
    }
}
