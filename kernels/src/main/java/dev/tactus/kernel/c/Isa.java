package dev.tactus.kernel.c;

/**
 * Instruction sets that the C kernels know, each including those before it. Their order is that of {@code tactus.h}.
 */
public enum Isa {
    /** AVX2, FMA and F16C: x86-64 level 3. */
    AVX2("avx2"),
    /** AVX-512 F, BW, DQ and VL: x86-64 level 4. */
    AVX512("avx512"),
    /** And AVX-512 VNNI: int8 dot products. */
    AVX512_VNNI("avx512-vnni"),
    /** And AVX-512 BF16: bfloat16 dot products. */
    AVX512_BF16("avx512-bf16"),
    /** And AMX with bfloat16 and int8 tiles. */
    AMX("amx");

    private final String label;

    Isa(final String label) {
        this.label = label;
    }

    /** The name for options and reports: {@code avx512-bf16}. */
    public String label() {
        return label;
    }

    /** The instruction set of that name, as {@link #label()} writes it; null when there is none. */
    public static Isa of(final String label) {
        for (final Isa isa : values()) {
            if (isa.label.equals(label)) {
                return isa;
            }
        }
        return null;
    }

    /**
     * Refuses an instruction set that this machine cannot run: its first instruction would end the process.
     *
     * @throws IllegalArgumentException saying what the machine has
     */
    static void require(final Isa isa) {
        final Isa best = NativeKernels.load().detected();
        if (isa.compareTo(best) > 0) {
            throw new IllegalArgumentException(
                    "this machine cannot run " + isa.label() + " kernels: it has " + best.label() + " at most");
        }
    }
}
