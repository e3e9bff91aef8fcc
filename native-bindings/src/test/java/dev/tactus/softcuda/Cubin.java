package dev.tactus.softcuda;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes the parts of a compiled module that a driver reads before it runs anything: names, bounds, parameters. */
final class Cubin {
    private static final int HEADER_BYTES = 64;
    private static final int SECTION_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;
    private static final int MACHINE = 190;
    private static final int STATIC_SHARED_BYTES = 1024;
    private static final int REGISTERS = 17;
    private static final int ARCHITECTURE = 90;

    private static final int TYPE_BITS = 1;
    private static final int TYPE_SYMBOLS = 2;
    private static final int TYPE_STRINGS = 3;
    private static final int TYPE_NO_BITS = 8;

    private Cubin() {}

    /** An ELF file with one kernel: its launch bound and the sizes of its parameters, laid out as C does. */
    static byte[] of(final String kernel, final int maxThreads, final List<Integer> parameterBytes) {
        final String[] names = {
            "", ".shstrtab", ".strtab", ".symtab", ".nv.info", ".nv.info." + kernel, ".nv.shared." + kernel
        };
        final byte[] sectionNames = (String.join("\0", names) + "\0").getBytes(StandardCharsets.US_ASCII);
        final byte[] symbolNames = ("\0" + kernel + "\0").getBytes(StandardCharsets.US_ASCII);
        final byte[] symbols = little(2 * SYMBOL_BYTES).putInt(SYMBOL_BYTES, 1).array();
        final byte[][] contents = {
            {}, sectionNames, symbolNames, symbols, moduleAttributes(), attributes(maxThreads, parameterBytes), {}
        };
        final int[] types = {0, TYPE_STRINGS, TYPE_STRINGS, TYPE_SYMBOLS, TYPE_BITS, TYPE_BITS, TYPE_NO_BITS};
        int bytes = HEADER_BYTES;
        for (final byte[] content : contents) {
            bytes += content.length;
        }
        final ByteBuffer file = little(bytes + names.length * SECTION_BYTES);
        file.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        file.putShort(18, (short) MACHINE)
                .putLong(0x28, bytes)
                .putInt(0x30, ARCHITECTURE << 8)
                .putShort(0x3a, (short) SECTION_BYTES)
                .putShort(0x3c, (short) names.length)
                .putShort(0x3e, (short) 1);
        int at = HEADER_BYTES;
        int name = 0;
        for (int i = 0; i < names.length; i++) {
            final int header = bytes + i * SECTION_BYTES;
            file.put(at, contents[i]);
            file.putInt(header, name)
                    .putInt(header + 4, types[i])
                    .putLong(header + 24, at)
                    .putLong(header + 32, types[i] == TYPE_NO_BITS ? STATIC_SHARED_BYTES : contents[i].length)
                    .putInt(header + 40, types[i] == TYPE_SYMBOLS ? 2 : 0);
            at += contents[i].length;
            name += names[i].length() + 1;
        }
        return file.array();
    }

    /** Registers of symbol 1. */
    private static byte[] moduleAttributes() {
        return attribute(0x2f, 8).putInt(1).putInt(REGISTERS).array();
    }

    private static byte[] attributes(final int maxThreads, final List<Integer> parameterBytes) {
        final ByteArrayOutputStream attributes = new ByteArrayOutputStream();
        attributes.writeBytes(
                attribute(0x05, 12).putInt(maxThreads).putInt(1).putInt(1).array());
        int offset = 0;
        for (int i = 0; i < parameterBytes.size(); i++) {
            final int size = parameterBytes.get(i);
            offset = (offset + size - 1) / size * size;
            attributes.writeBytes(attribute(0x17, 12)
                    .putInt(0)
                    .putShort((short) i)
                    .putShort((short) offset)
                    .putInt(size << 18)
                    .array());
            offset += size;
        }
        return attributes.toByteArray();
    }

    /** An attribute with a size of its own, to be filled. */
    private static ByteBuffer attribute(final int id, final int bytes) {
        return little(4 + bytes).put((byte) 4).put((byte) id).putShort((short) bytes);
    }

    /**
     * A fatbin with one entry.
     *
     * @param flags 0x2000: the entry is an LZ4 block, here of literals only
     */
    static byte[] fatbin(final byte[] cubin, final int flags) {
        final byte[] payload = flags == 0x2000 ? literals(cubin) : cubin;
        final ByteBuffer file = little(16 + 64 + payload.length);
        file.putInt(0xba55ed50).putShort((short) 1).putShort((short) 16).putLong(64 + payload.length);
        file.putShort(16, (short) 2)
                .putInt(16 + 4, 64)
                .putLong(16 + 8, payload.length)
                .putInt(16 + 16, payload.length)
                .putInt(16 + 28, ARCHITECTURE)
                .putLong(16 + 40, flags)
                .putLong(16 + 56, cubin.length);
        file.put(80, payload);
        return file.array();
    }

    private static byte[] literals(final byte[] bytes) {
        final ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.write(0xf0);
        int rest = bytes.length - 15;
        for (; rest >= 255; rest -= 255) {
            block.write(255);
        }
        block.write(rest);
        block.writeBytes(bytes);
        return block.toByteArray();
    }

    private static ByteBuffer little(final int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
