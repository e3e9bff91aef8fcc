package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.vector.VectorKernels;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Vector kernels are each above what C2 inlines (FreqInlineSize, 325 bytecodes). Were one below, it would be inlined
 * together with others until C2 gives up half-way and boxes the vectors of the rest.
 */
class KernelInliningTest {
    private static final int FREQ_INLINE_SIZE = 325;

    @Test
    void shouldKeepKernelsAboveWhatC2Inlines() throws IOException {
        check("FloatTile", Set.of("pairsPass", "rowPass"));
        check("Bfloat16Tile", Set.of("pairsPass", "rowPass"));
        check("LaneTree", Set.of("natural", "interleaved"));
        check("LaneTail", Set.of("add"));
        check("RowPacking", Set.of("deinterleave", "copy", "fill"));
        check("KeyDots", Set.of("quarter", "eighth", "sixteenth", "halfBlockQuarter", "anyLength"));
        check("KeyDots", Set.of("join", "addRow", "spread"));
        check("SplitWeights", Set.of("score", "max", "exp", "sum", "merge", "divide"));
        check("ValueSums", Set.of("eightVectors", "oneVector"));
        check("NormVector", Set.of("normalise", "normaliseAndDivide"));
        check("ConvVector", Set.of("vectors"));
        check("RowVector", Set.of("swiglu", "silu", "scale", "fmaRow", "addRow"));
        check("GeluVector", Set.of("smallOnes", "largeOnes"));
        check("WidenVector", Set.of("widen", "addBfloat16"));
        check("MelVector", Set.of("melMagnitude"));
        check("SamplingVector", Set.of("passOver"));
    }

    private static void check(final String className, final Set<String> kernels) throws IOException {
        final Set<String> found = new HashSet<>();
        try (InputStream in = VectorKernels.class.getResourceAsStream(className + ".class")) {
            for (final MethodModel method :
                    ClassFile.of().parse(in.readAllBytes()).methods()) {
                final String name = method.methodName().stringValue();
                if (kernels.contains(name)) {
                    final int size = ((CodeAttribute) method.code().orElseThrow()).codeLength();
                    assertTrue(
                            size > FREQ_INLINE_SIZE,
                            className + "." + name + " has " + size
                                    + " bytecodes: give it Ballast until it has more than " + FREQ_INLINE_SIZE);
                    found.add(name);
                }
            }
        }
        assertEquals(kernels, found, "kernels found in " + className);
    }
}
