package dev.tactus.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TidyTest {
    private static final String ENGINE = "engine/src/main/java/dev/tactus/engine/";
    private static final String DOC = "/** A package that is written for this test. */\n";

    @TempDir
    private Path planted;

    /** A small repository without fault. */
    @BeforeEach
    void plantACleanTree() throws IOException {
        plant(ENGINE + "package-info.java", DOC + "package dev.tactus.engine;\n");
        plant(ENGINE + "A.java", source("import dev.tactus.memory.OffHeap;", "// System.out is only named here"));
        plant(ENGINE + "sim/A.java", source("", "").replace("tactus.engine", "tactus.engine.sim"));
        plant(
                ENGINE + "sim/package-info.java",
                "/** {@code sim}: the loop\n * alone. */\npackage dev.tactus.engine.sim;\n");
        plant("engine/src/main/java/module-info.java", "module dev.tactus.engine { requires dev.tactus.kernels; }\n");
        plant("engine/pom.xml", pom("memory"));
        plant("README.md", "https://example.org/work/here and target/work/there\n");
    }

    @Test
    void shouldHoldInThisRepository() throws IOException {
        final Tidy.Report report = Tidy.check(Tidy.repositoryRoot());
        assertTrue(report.modules().containsAll(Edges.POM.keySet()), () -> "only read " + report.modules());
        assertTrue(report.texts() > 60, () -> "only " + report.texts() + " files were read");
        assertTrue(
                report.violations().isEmpty(),
                () -> report.violations().size() + " violations\n" + String.join("\n", report.violations()));
    }

    @Test
    void shouldPassACleanTree() throws IOException {
        assertEquals(List.of(), Tidy.check(planted).violations());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "int f() { System.out.println(); return 0; }   | only the application prints",
                "Object f() { return java.lang.System.err; }   | only the application prints",
                "void f() { System.exit(1); }                  | only the application ends",
                "long f() { return System.nanoTime(); }        | only the clock classes read time",
                "java.util.function.LongSupplier f = System::currentTimeMillis; | only the clock classes read time",
                "Object f() { return java.time.Instant.now(); } | only the clock classes read time",
                "Object f() { return new Thread(); }           | only the launching classes",
                "void f() { Thread.ofPlatform(); }             | only the launching classes",
                "Object f() { return new java.util.Random(1); } | draw from Philox",
                "double f() { return Math.random(); }          | draw from a seed",
                "java.lang.foreign.Linker linker;              | dev.tactus.bindings.NativeSymbols",
                "sun.misc.Unsafe unsafe;                       | dev.tactus.memory.OffHeap",
                "dev.tactus.app.Main main;                     | engine must not know src",
                "dev.tactus.bindings.Errno errno;              | engine must not know native-bindings",
                "dev.tactus.nowhere.A a;                       | belongs to no module",
                "class FrameHelper {}                          | name it after what it is",
                "interface SlotManagerPort {}                  | name it after what it is",
                "record UtilImpl() {}                          | name it after what it is",
            })
    void shouldFindABannedName(final String member, final String expected) throws IOException {
        plant(ENGINE + "B.java", source("", member));
        assertFound(ENGINE + "B.java", expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "engine/src/main/java/dev/tactus/engine/WallClock.java | long f() { return System.nanoTime(); }",
                "engine/src/main/java/dev/tactus/engine/EngineThreads.java | Object f() { return new Thread(); }",
                "engine/src/test/java/dev/tactus/engine/B.java | Object f() { return new java.util.Random(7); }",
                "bench/src/main/java/dev/tactus/engine/B.java | void f() { System.out.println(); }",
                "engine/src/main/java/dev/tactus/engine/Implementation.java | class Implementation {}",
                "engine/src/main/java/dev/tactus/engine/device/cuda/B.java | dev.tactus.cuda.CudaStream stream;",
            })
    void shouldAllowItWhereItBelongs(final String file, final String member) throws IOException {
        plant(file, source("", member));
        plant("bench/src/main/java/dev/tactus/engine/package-info.java", DOC + "package dev.tactus.engine;\n");
        plant(ENGINE + "device/cuda/package-info.java", DOC + "package dev.tactus.engine.device.cuda;\n");
        assertEquals(List.of(), Tidy.check(planted).violations());
    }

    @Test
    void shouldFindCudaOutsideItsPlaces() throws IOException {
        final String file = "memory/src/main/java/dev/tactus/memory/Slab.java";
        plant(file, source("import dev.tactus.cuda.CudaStream;", "").replace("tactus.engine", "tactus.memory"));
        plant(file.replace("Slab", "package-info"), DOC + "package dev.tactus.memory;\n");
        assertFound(file, "CUDA is seen in");
    }

    @Test
    void shouldFindAMethodThatIsTooLong() throws IOException {
        plant(ENGINE + "B.java", source("", "void f() {" + "\n".repeat(69) + "}"));
        assertEquals(List.of(), Tidy.check(planted).violations(), "70 lines");
        plant(ENGINE + "B.java", source("", "void f() {" + "\n".repeat(70) + "}"));
        assertFound(ENGINE + "B.java", "method f has 71 lines");
    }

    @Test
    void shouldFindALineThatIsTooLong() throws IOException {
        plant(ENGINE + "B.java", source("", "//" + "x".repeat(118)));
        assertEquals(List.of(), Tidy.check(planted).violations(), "120 columns");
        plant(ENGINE + "B.java", source("", "//" + "x".repeat(119)));
        assertFound(ENGINE + "B.java", "121 columns");
    }

    @ParameterizedTest
    @CsvSource({
        "'package dev.tactus.engine;'",
        "'/** engine */ package dev.tactus.engine;'",
        "'/** Two words. */ package dev.tactus.engine;'",
    })
    void shouldWantASentenceForAPackage(final String info) throws IOException {
        plant(ENGINE + "package-info.java", info);
        assertFound(ENGINE + "package-info.java", "say in a sentence");
    }

    @Test
    void shouldWantAPackageInfo() throws IOException {
        plant(ENGINE + "text/B.java", source("", "").replace("tactus.engine", "tactus.engine.text"));
        assertFound(ENGINE + "text/package-info.java", "missing");
    }

    @Test
    void shouldFindADependencyAgainstTheGrain() throws IOException {
        plant("engine/pom.xml", pom("native-bindings"));
        assertFound("engine/pom.xml", "engine must not depend on tactus-native-bindings");
    }

    @Test
    void shouldFindPathsOfOneMachineAndRegistries() throws IOException {
        plant("README.md", "see `/wo" + "rk/main/x` for it\n");
        assertFound("README.md", "a path of one machine");
        plant("README.md", "see https://ne" + "xus.example.org/x\n");
        assertFound("README.md", "the machine's own setting");
        plant("README.md", "done\n");
        plant("engine/pom.xml", "<repositories><reposi" + "tory></repositories>");
        assertFound("engine/pom.xml", "the machine's own setting");
    }

    @Test
    void shouldSayWhatDoesNotParse() throws IOException {
        plant(ENGINE + "B.java", "class {");
        final List<String> violations = Tidy.check(planted).violations();
        assertTrue(violations.toString().contains("does not parse"), violations::toString);
    }

    /** Exactly one violation, in this file, with this in its text. */
    private void assertFound(final String file, final String expected) throws IOException {
        final List<String> violations = Tidy.check(planted).violations();
        assertEquals(1, violations.size(), violations::toString);
        assertTrue(violations.getFirst().startsWith(file + ":"), violations::toString);
        assertTrue(violations.getFirst().contains(expected), violations::toString);
    }

    private void plant(final String file, final String content) throws IOException {
        final Path path = planted.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }

    private static String source(final String imports, final String member) {
        return "package dev.tactus.engine;\n" + imports + "\nclass A {\n" + member + "\n}\n";
    }

    private static String pom(final String dependency) {
        return """
            <project><dependencies><dependency>
              <groupId>dev.tactus</groupId>
              <artifactId>tactus-%s</artifactId>
            </dependency></dependencies></project>
            """.formatted(dependency);
    }
}
