package dev.tactus.app.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.app.doctor.Finding.Level;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the doctor says of the C kernels is what {@code dispatch.c} does. */
class KernelCheckTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "AVX2        | AVX2:    | AVX2: weights widened    | AVX2: int8 widened",
                "AVX512      | AVX-512: | AVX-512: weights widened | AVX-512: int8 widened",
                "AVX512_VNNI | AVX-512: | AVX-512: weights widened | AVX-512 VNNI: dot products",
                "AVX512_BF16 | AVX-512: | AVX-512 BF16: dot       | AVX-512 VNNI: dot products",
                "AMX         | AVX-512: | AMX: tiles of bfloat16   | AMX: tiles of int8",
            })
    void shouldNameTheUnitsOfEveryClass(final Isa isa, final String exact, final String bf16, final String int8) {
        final List<Finding> findings = KernelCheck.with(isa, "from somewhere");
        assertEquals(
                List.of("C kernels", "exact", "fast-bf16", "fast-int8"),
                findings.stream().map(Finding::subject).toList());
        assertTrue(findings.get(1).text().startsWith(exact), findings::toString);
        assertTrue(findings.get(2).text().startsWith(bf16), findings::toString);
        assertTrue(findings.get(3).text().startsWith(int8), findings::toString);
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void shouldListWhatCanBeForced(final Isa isa) {
        final String text = KernelCheck.with(isa, "from somewhere").getFirst().text();
        assertTrue(text.startsWith(isa.label() + ", from somewhere; --isa can be avx2"), text);
        assertTrue(text.endsWith(isa.label()), text);
        final String forced = text.substring(text.indexOf("can be ") + 7);
        assertEquals(isa.ordinal() + 1, forced.split(", ").length, text);
    }

    @Test
    void shouldSayAllReasonsWhenThereAreNone() {
        final Finding finding = KernelCheck.without(List.of("no compiler", "no AVX2"));
        assertEquals(Level.NOTE, finding.level());
        assertEquals("none: no compiler; no AVX2", finding.text());
        assertTrue(finding.remedy().contains("-D" + NativeKernels.LIBRARY_PROPERTY + "=FILE"), finding.remedy());
    }

    @Test
    void shouldSayWhereTheLibraryCameFrom() {
        assertEquals("from this build", KernelCheck.origin(null));
        assertEquals("from /opt/k.so (" + NativeKernels.LIBRARY_PROPERTY + ")", KernelCheck.origin("/opt/k.so"));
    }

    @Test
    void shouldDescribeThisMachine() {
        final List<Finding> findings = KernelCheck.findings();
        final NativeKernels kernels = NativeKernels.load();
        final String expected =
                kernels.isAvailable() ? kernels.detected().label() : "none: " + String.join("; ", kernels.reasons());
        assertTrue(findings.getFirst().text().startsWith(expected), findings::toString);
    }
}
