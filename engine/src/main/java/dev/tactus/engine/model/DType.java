package dev.tactus.engine.model;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The element types of a safetensors file whose elements are whole bytes, by the names the format gives them. */
public enum DType {
    /** A byte that is 0 or 1. */
    BOOL(1),
    /** Unsigned 8 bit. */
    U8(1),
    /** Signed 8 bit. */
    I8(1),
    /** 8-bit float, 5 exponent bits. */
    F8_E5M2(1),
    /** 8-bit float, 4 exponent bits. */
    F8_E4M3(1),
    /** 8-bit power of two, a scale. */
    F8_E8M0(1),
    /** Signed 16 bit. */
    I16(2),
    /** Unsigned 16 bit. */
    U16(2),
    /** IEEE binary16; usable as a weight, which is widened beside the file. */
    F16(2),
    /** The upper half of a binary32; usable as a weight in place. */
    BF16(2),
    /** Signed 32 bit; usable as an input. */
    I32(4),
    /** Unsigned 32 bit. */
    U32(4),
    /** IEEE binary32; usable as a weight in place, and as an input. */
    F32(4),
    /** Two binary32. */
    C64(8),
    /** IEEE binary64. */
    F64(8),
    /** Signed 64 bit. */
    I64(8),
    /** Unsigned 64 bit. */
    U64(8);

    private static final String NAMES = Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));

    private final int bytes;

    DType(final int bytes) {
        this.bytes = bytes;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** {@code value}, finite, rounded to the nearest bfloat16, ties to even. */
    public static short bfloat16(final float value) {
        final int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }

    /** Whether a weight may be stored so: BF16, F16 or F32. */
    public boolean isWeight() {
        return this == BF16 || this == F16 || this == F32;
    }

    /** The type of that name, or empty. */
    static Optional<DType> named(final String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }

    /** The names of all types, for an error message. */
    static String names() {
        return NAMES;
    }
}
