package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The header that C and CUDA read says what the table says. */
class ElementaryTableTest {
    private static final Pattern REAL = Pattern.compile("#define TACTUS_(\\w+) \\((\\S+)f\\) /\\* 0x(\\w{8}) \\*/");
    private static final Pattern BITS = Pattern.compile("#define TACTUS_(\\w+) \\(0x(\\w{8})u\\)");

    @Test
    void shouldRenderEveryConstantWithItsOwnBits() throws IllegalAccessException {
        final String header = ElementaryTable.toCHeader();
        int constants = 0;
        for (final Field field : ElementaryTable.class.getFields()) {
            assertTrue(Modifier.isStatic(field.getModifiers()), field.getName());
            final boolean real = field.getType() == float.class;
            final int bits = real ? Float.floatToRawIntBits(field.getFloat(null)) : field.getInt(null);
            assertEquals(bits, bitsIn(header, field.getName(), real), field.getName());
            constants++;
        }
        assertEquals(
                constants, header.lines().filter(line -> line.contains("(")).count());
    }

    @Test
    void shouldGuardTheHeader() {
        final String header = ElementaryTable.toCHeader();
        assertTrue(header.contains("#ifndef TACTUS_ELEMENTARY_TABLE_H\n#define TACTUS_ELEMENTARY_TABLE_H\n"), header);
        assertTrue(header.endsWith("#endif\n"), header);
    }

    @Test
    void shouldHaveTheHeaderInTheCSources() throws IOException {
        final Path header = Path.of(System.getProperty("basedir", "kernels"), "src/main/c/elementary_table.h");
        assertEquals(ElementaryTable.toCHeader(), Files.readString(header), () -> "write toCHeader() to " + header);
    }

    @Test
    void shouldSplitItsIrrationalsIntoTheNearestFloats() {
        assertEquals((float) StrictMath.log(2.0), ElementaryTable.LN2_HI);
        assertEquals(StrictMath.log(2.0), (double) ElementaryTable.LN2_HI + ElementaryTable.LN2_LO, 0x1p-53);
        assertEquals((float) (1.0 / StrictMath.log(2.0)), ElementaryTable.LOG2_E);
        assertEquals((float) (Math.PI / 2), ElementaryTable.HALF_PI_HI);
        assertEquals(Math.PI / 2, (double) ElementaryTable.HALF_PI_HI + ElementaryTable.HALF_PI_MID, 0x1p-49);
        assertEquals((float) (2 / Math.PI), ElementaryTable.TWO_OVER_PI);
        assertEquals((float) (2 * Math.PI), ElementaryTable.TWO_PI);
        assertEquals(ElementaryTable.ROUND_MAGIC + 23f, ElementaryTable.LOG_MAGIC_SCALED);
        assertEquals(ElementaryTable.ROUND_MAGIC, Float.intBitsToFloat(ElementaryTable.ROUND_MAGIC_BITS));
        assertEquals(1f, Float.intBitsToFloat(ElementaryTable.ONE_BITS));
        assertEquals(2f / 3f, Float.intBitsToFloat(ElementaryTable.LOG_SPLIT_BITS));
    }

    /** The bits under a name; where the literal is a float, it must have the bits that its comment names. */
    private static int bitsIn(final String header, final String name, final boolean real) {
        final Matcher matcher = (real ? REAL : BITS).matcher(header);
        while (matcher.find()) {
            if (matcher.group(1).equals(name)) {
                final int bits = Integer.parseUnsignedInt(matcher.group(real ? 3 : 2), 16);
                assertTrue(!real || Float.floatToRawIntBits(Float.parseFloat(matcher.group(2))) == bits, name);
                return bits;
            }
        }
        throw new AssertionError(name + " is not in the header: add it to ElementaryTable.CONSTANTS\n" + header);
    }
}
