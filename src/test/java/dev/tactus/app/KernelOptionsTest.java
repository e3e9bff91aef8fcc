package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.device.cpu.QuantizedCache;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels that cannot run are refused in one line; those that can run do, with their cache when asked. */
class KernelOptionsTest {
    private static final String DRIVER = "tactus.cuda.library";

    @TempDir
    private static Path shared;

    private static Path model;

    @BeforeAll
    static void makeModel() throws IOException {
        model = Fixture.model(shared);
    }

    private static Outcome run(final String... options) {
        final List<Object> args = new ArrayList<>(List.of("run", "--model", model, "--seconds", "0.4"));
        args.addAll(List.of(options));
        return Outcome.of(args.toArray());
    }

    private static void requireKernels() {
        final NativeKernels kernels = NativeKernels.load();
        assumeTrue(kernels.isAvailable(), () -> "no C kernels: " + String.join("; ", kernels.reasons()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--isa nonsense                            | --isa: found nonsense, allowed avx2, avx512,",
                "--isa AVX2                                | --isa: found AVX2",
                "--numerics nonsense                       | --numerics: found nonsense, allowed exact, fast-bf16",
                "--numerics fast-int8 --kernels vector     | fast-int8 is chosen for the C kernels",
                "--numerics fast-bf16 --kernels reference  | fast-bf16 is chosen for the C kernels",
                "--isa avx2 --kernels vector               | an instruction set is chosen for the C kernels",
                "--isa amx --kernels reference             | an instruction set is chosen for the C kernels",
                "--device tpu                              | --device",
                "--device cuda --kernels c                 | chosen for the CPU: expected neither on CUDA",
                "--device cuda --isa avx2                  | chosen for the CPU: expected neither on CUDA",
                "--device cuda --numerics fast-int8        | fast-int8 on CUDA: expected exact or fast-bf16",
            })
    void shouldRefuseInOneLine(final String options, final String part) {
        run(options.split(" +")).assertBadInput(part);
    }

    @Test
    void shouldSayInOneLineThatThereIsNoGpu() {
        final String before = System.getProperty(DRIVER);
        System.setProperty(DRIVER, shared.resolve("no-driver.so").toString());
        try {
            run("--device", "cuda").assertBadInput("CUDA is chosen, but the GPU cannot be used", "no-driver.so");
        } finally {
            if (before == null) {
                System.clearProperty(DRIVER);
            } else {
                System.setProperty(DRIVER, before);
            }
        }
    }

    @Test
    void shouldRefuseAnInstructionSetThatThisMachineLacks() {
        requireKernels();
        for (final Isa isa : Isa.values()) {
            if (!NativeKernels.load().supported().contains(isa)) {
                run("--isa", isa.label()).assertBadInput("cannot run " + isa.label() + " kernels", "at most");
            }
        }
    }

    @Test
    void shouldRunEveryInstructionSetThatThisMachineHas() {
        requireKernels();
        for (final Isa isa : NativeKernels.load().supported()) {
            final Outcome outcome = run("--isa", isa.label(), "--kernels", "c");
            assertEquals(Main.EXIT_OK, outcome.code(), outcome.err());
            assertTrue(outcome.out().contains("c/" + isa.label()), outcome.out());
        }
    }

    @Test
    void shouldKeepQuantisedWeightsOnlyWhenAsked() throws IOException {
        requireKernels();
        final Path cache = model.resolve(QuantizedCache.FILE_NAME);
        assertEquals(Main.EXIT_OK, run("--numerics", "fast-int8").code());
        assertEquals(Main.EXIT_OK, run("--cache-quantized").code());
        assertFalse(Files.exists(cache));
        final Outcome first = run("--numerics", "fast-int8", "--cache-quantized");
        assertEquals(Main.EXIT_OK, first.code(), first.err());
        assertTrue(Files.size(cache) > 100_000, "the weights of a million parameters");
        Files.delete(cache);
        Files.createDirectories(cache.resolve("inside"));
        final Outcome second = run("--numerics", "fast-int8", "--cache-quantized");
        assertEquals(Main.EXIT_OK, second.code(), second.err());
        assertTrue(second.out().contains("the quantised weights are not cached: " + cache), second.out());
        Files.delete(cache.resolve("inside"));
        Files.delete(cache);
    }

    @Test
    void shouldShowTheKernelsInTheDoctorsReport() {
        final Outcome doctor = Outcome.good("doctor");
        assertTrue(doctor.out().contains("  C kernels "), doctor.out());
        if (NativeKernels.load().isAvailable()) {
            for (final String subject : new String[] {"exact", "fast-bf16", "fast-int8"}) {
                assertTrue(doctor.out().contains("  ok    " + subject + " "), doctor.out());
            }
        }
    }
}
