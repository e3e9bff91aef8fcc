package dev.tactus.kernel.cuda;

/**
 * The LoRA adapters that an op's rows may have: {@code struct Adapters}.
 *
 * @param factors device address of a table of {@link dev.tactus.kernel.AdapterFactors} layout that names device memory
 * @param ofRow device address of int32 per row of the op's space: its adapter from 1, or 0 for none; 0 without adapters
 * @param modules of the table
 * @param rank largest of an adapter, and the stride of every {@code t}
 */
public record CudaAdapters(long factors, long ofRow, int modules, int rank) {
    /** No row has one. */
    public static final CudaAdapters NONE = new CudaAdapters(0, 0, 0, 0);

    /** Refuses half a table. */
    public CudaAdapters {
        if (ofRow != 0 && (factors == 0 || modules < 1 || rank < 1)) {
            throw new IllegalArgumentException("adapters of " + modules + " modules with ranks to " + rank
                    + ": expected a table, and at least 1 of each");
        }
    }

    /**
     * What adapters have beside one matrix.
     *
     * @param module its number in the table, -1 for nothing
     * @param t device address of {@code dot(A, x)} [rows · slots, rank] by {@link RowLaunches#adapterDown}
     */
    public record Beside(int module, long t) {
        /** Nothing. */
        public static final Beside NONE = new Beside(-1, 0);

        /** Refuses a module whose products are nowhere. */
        public Beside {
            if (module >= 0 && t == 0) {
                throw new IllegalArgumentException("module " + module + " without an address of its products with A");
            }
        }
    }

    LaunchBuilder.Struct struct() {
        return new LaunchBuilder.Struct()
                .address(factors)
                .address(ofRow)
                .integer(modules)
                .integer(rank);
    }

    /** Refuses a module that the table does not have. */
    void require(final String kernel, final int module) {
        LaunchBuilder.require(
                ofRow == 0 || module < modules, () -> kernel + ": module " + module + " of a table of " + modules);
    }
}
