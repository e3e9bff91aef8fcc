package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Java and CUDA name the same fields in the same order. */
class GenerateFieldTest {
    private static final Path SOURCE = Path.of(System.getProperty("basedir", "."), "src/main/cuda/generate.cuh")
            .toAbsolutePath();
    private static final Pattern STRUCT = Pattern.compile("struct Generate \\{(.*?)\\n};", Pattern.DOTALL);
    private static final Pattern DECLARATION = Pattern.compile("(?:const )?(?:int64_t|int32_t|float) ([^;]*);");

    @Test
    void shouldNameTheFieldsOfTheStruct() throws IOException {
        final Matcher struct = STRUCT.matcher(Files.readString(SOURCE));
        assertEquals(true, struct.find(), "no struct Generate in " + SOURCE);
        final List<String> fields = new ArrayList<>();
        final List<String> numbers = new ArrayList<>();
        final Matcher declaration = DECLARATION.matcher(struct.group(1).replaceAll("(?s)/\\*.*?\\*/", ""));
        while (declaration.find()) {
            for (final String name : declaration.group(1).split(",")) {
                final String field = name.replace("*", "").strip().toUpperCase(Locale.ROOT);
                fields.add(field);
                if (!name.contains("*")) {
                    numbers.add(field);
                }
            }
        }
        assertEquals(
                Arrays.stream(GenerateField.values()).map(Enum::name).toList(), fields, "fields of struct Generate");
        assertEquals(
                Arrays.stream(GenerateField.values())
                        .filter(GenerateField::isNumber)
                        .map(Enum::name)
                        .toList(),
                numbers,
                "fields that are numbers");
    }
}
