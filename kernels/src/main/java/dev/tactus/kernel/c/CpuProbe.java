package dev.tactus.kernel.c;

import dev.tactus.bindings.NativeBindingException;

/**
 * What this CPU can do at most, for benches: loops that do nothing but read memory, or nothing but float32 fma. The
 * figures of kernels are given as shares of theirs.
 *
 * <p>It holds no state; any thread may call. The results say nothing: they only keep the loops from being dropped.
 */
public final class CpuProbe {
    /** Bytes of a step of reading. */
    public static final int READ_STEP = 512;

    private final int isa;

    /**
     * The loops of an instruction set.
     *
     * @throws NativeBindingException when there are no C kernels here, with the reasons
     * @throws IllegalArgumentException when this CPU, or this system, lacks the instruction set
     */
    public CpuProbe(final Isa isa) {
        Isa.require(isa);
        this.isa = isa.ordinal();
    }

    /**
     * Reads a region from its first byte to its last.
     *
     * @throws IllegalArgumentException unless its size is a multiple of {@link #READ_STEP}
     */
    public int read(final Region region) {
        region.require("read probe", "memory", 0);
        if (region.bytes() % READ_STEP != 0) {
            throw new IllegalArgumentException(
                    "read probe: " + region.bytes() + " bytes are not a multiple of " + READ_STEP);
        }
        return ProductCalls.probeRead(isa, region.address(), region.bytes());
    }

    /** Runs rounds of independent fma. */
    public float fma(final long rounds) {
        return ProductCalls.probeFma(isa, rounds);
    }

    /** Floating point operations of a round of {@link #fma}. */
    public long fmaOperations() {
        return ProductCalls.probeFmaOperations(isa);
    }
}
