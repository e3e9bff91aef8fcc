package dev.tactus.kernel.c;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.kernel.vocoder.VocoderReference;
import dev.tactus.kernel.vocoder.VocoderTables;
import java.lang.invoke.MethodHandle;

/** The vocoder in C, equal to {@link VocoderReference} bit for bit whatever the instruction set. */
public final class CVocoder implements Vocoder {
    private static final String SYMBOL = "tactus_vocoder_block";
    private static final MethodHandle BLOCK = CSymbols.bind(SYMBOL, null, "lllll", false);

    private final Isa instructions;
    private final int isa;
    private final long tables;

    /**
     * A vocoder over these tables, whose memory must outlive it.
     *
     * @throws NativeBindingException when there are no C kernels here, with the reasons
     * @throws IllegalArgumentException when this CPU, or this system, lacks the instruction set
     */
    public CVocoder(final Isa isa, final VocoderTables tables) {
        Isa.require(isa);
        instructions = isa;
        this.isa = isa.ordinal();
        this.tables = tables.address();
    }

    @Override
    public String name() {
        return "c/" + instructions.label();
    }

    @Override
    public void block(final long state, final long logMel, final long out, final long scratch) {
        try {
            BLOCK.invokeExact(isa, tables, state, logMel, out, scratch);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected(SYMBOL, ex);
        }
    }
}
