package dev.tactus.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The generated bindings say what the C headers say, wherever a header and g++ are. */
class GeneratedBindingsTest {
    private static final Pattern FUNCTION = Pattern.compile("--include-function (\\w+)");
    private static final Pattern VERSION = Pattern.compile("#define CUDA_VERSION (\\d+)");
    private static final Map<String, String> LIBRARIES =
            Map.of("CudaDriverApi", "libcuda.so.1", "CudnnApi", "libcudnn.so.9", "CublasLtApi", "libcublasLt.so.13");

    @TempDir
    private static Path folder;

    /** Writes the C++ in a process whose libraries are stand-ins with nothing but names. */
    @BeforeAll
    static void writeAssertions() throws IOException, InterruptedException {
        assumeTrue(NativeBuild.isAvailable(), "needs Linux and g++");
        for (final Map.Entry<String, String> library : LIBRARIES.entrySet()) {
            final StringBuilder source = new StringBuilder();
            for (final String function : functions(library.getKey())) {
                source.append("void ").append(function).append("(void) {}\n");
            }
            NativeBuild.library(folder, "stubs", library.getValue(), source.toString());
        }
        final NativeBuild.Outcome outcome = NativeBuild.run(
                folder,
                List.of(
                        "env",
                        "LD_LIBRARY_PATH=" + folder.resolve("stubs"),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        HeaderAssertions.class.getName(),
                        folder.toString()));
        assertEquals(0, outcome.code(), outcome.output());
    }

    @ParameterizedTest
    @CsvSource({"cuda, cuda.h, 150", "cudnn, cudnn.h, 80", "cublaslt, cublasLt.h, 80"})
    void shouldAgreeWithTheHeader(final String name, final String header, final int atLeast)
            throws IOException, InterruptedException {
        final Path file = folder.resolve(name + ".cpp");
        final long claims = Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("static_assert"))
                .count();
        assertTrue(claims >= atLeast, file + " has only " + claims + " claims");
        final NativeBuild.Outcome outcome = compile(file, header);
        assertEquals(0, outcome.code(), outcome.output());
    }

    /** A check that finds a wrong size of a parameter, and a wrong value, is one that looks. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "decltype(cuInit)>::is({4, 4})              | decltype(cuInit)>::is({4, 8})",
                "decltype(cuInit)>::is({4, 4})              | decltype(cuInit)>::is({4, 4, 4})",
                "decltype(cuDriverGetVersion)>::is({4, 108} | decltype(cuDriverGetVersion)>::is({4, 8}",
                "(CU_STREAM_NON_BLOCKING) == 1              | (CU_STREAM_NON_BLOCKING) == 0",
                "sizeof(CUuuid_st) == 16                    | sizeof(CUuuid_st) == 8",
            })
    void shouldFindAWrongClaim(final String claim, final String wrong) throws IOException, InterruptedException {
        final String source = Files.readString(folder.resolve("cuda.cpp"));
        assertTrue(source.contains(claim), claim);
        final Path file = Files.writeString(folder.resolve("wrong.cpp"), source.replace(claim, wrong));
        final NativeBuild.Outcome outcome = compile(file, "cuda.h");
        assertNotEquals(0, outcome.code(), wrong + " compiles");
        assertTrue(outcome.output().contains("static assertion failed"), outcome.output());
    }

    /** Every function that a facade binds is among those that the argument files ask jextract for. */
    @Test
    void shouldBindOnlyWhatWasGenerated() throws IOException {
        final List<String> generated = new ArrayList<>();
        for (final String api : LIBRARIES.keySet()) {
            generated.addAll(functions(api));
        }
        for (final String calls : new String[] {"cuda/DriverCalls", "cudnn/CudnnCalls", "cublaslt/CublasLtCalls"}) {
            final String source = Files.readString(Path.of("src/main/java/dev/tactus", calls + ".java"));
            final List<String> bound = Pattern.compile("bind\\(\\s*\"(\\w+)\",\\s*(\\w+)\\.(\\w+)\\$descriptor")
                    .matcher(source)
                    .results()
                    .peek(match -> assertEquals(match.group(1), match.group(3), "bound with another's descriptor"))
                    .map(match -> match.group(1))
                    .toList();
            assertEquals(source.split("static final MethodHandle").length - 1, bound.size(), calls);
            assertTrue(bound.size() > 10 && generated.containsAll(bound), calls + " binds " + bound);
        }
    }

    private static NativeBuild.Outcome compile(final Path file, final String header)
            throws IOException, InterruptedException {
        final Path include = include(header).orElse(null);
        assumeTrue(
                include != null,
                "there is no " + header + " on this machine (CUDA_HOME, CUDNN_HOME, CUBLAS_HOME or /usr/local/cuda)");
        final Matcher version =
                VERSION.matcher(Files.readString(include("cuda.h").orElseThrow().resolve("cuda.h")));
        assumeTrue(
                version.find() && Integer.parseInt(version.group(1)) >= CudaDriver.OLDEST_VERSION,
                "the headers are older than the bindings");
        return NativeBuild.run(
                folder,
                List.of(
                        "g++",
                        "-std=c++20",
                        "-fsyntax-only",
                        "-I",
                        include.toString(),
                        "-I",
                        include("cuda.h").orElseThrow().toString(),
                        file.toString()));
    }

    private static Optional<Path> include(final String header) {
        return Stream.concat(
                        Stream.of(
                                        System.getenv("CUDA_HOME"),
                                        System.getenv("CUDNN_HOME"),
                                        System.getenv("CUBLAS_HOME"),
                                        "/usr/local/cuda")
                                .filter(Objects::nonNull)
                                .map(Path::of),
                        NativeBuild.onPath("nvcc").stream().map(GeneratedBindingsTest::home))
                .map(home -> home.resolve("include"))
                .filter(folder -> Files.exists(folder.resolve(header)))
                .findFirst();
    }

    /** nvcc lies in {@code bin} of its toolkit, perhaps behind a link. */
    private static Path home(final Path nvcc) {
        try {
            return nvcc.toRealPath().getParent().getParent();
        } catch (final IOException ex) {
            return nvcc;
        }
    }

    private static List<String> functions(final String api) throws IOException {
        return FUNCTION.matcher(Files.readString(Path.of("src/main/jextract", api + ".args")))
                .results()
                .map(match -> match.group(1))
                .toList();
    }
}
