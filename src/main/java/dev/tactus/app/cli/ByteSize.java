package dev.tactus.app.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 2G}, {@code 512MiB}, {@code 1.5g} or {@code 1000000} as bytes; a suffix counts in powers of 1024. */
public final class ByteSize implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,18}(?:\\.[0-9]{1,6})?)([KMGT]?)(?:I?B)?");
    private static final int SHIFT = 10;

    @Override
    public Long convert(final String text) {
        final Matcher matcher = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new TypeConversionException(
                    "'" + text + "' is no size: allowed are bytes, or a number with K, M, G or T behind it, as 2G");
        }
        final int exponent = matcher.group(2).isEmpty() ? 0 : SHIFT * ("KMGT".indexOf(matcher.group(2)) + 1);
        final double bytes = Double.parseDouble(matcher.group(1)) * (1L << exponent);
        if (bytes < 1 || bytes > 1L << 60) {
            throw new TypeConversionException("'" + text + "' is out of range: allowed are 1 byte to 2^60 bytes");
        }
        return (long) bytes;
    }
}
