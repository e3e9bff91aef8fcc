package dev.tactus.cublaslt;

/** A call of cuBLASLt failed. */
public final class CublasLtException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final int number;
    private final String call;

    CublasLtException(final String name, final int number, final String call, final String explanation) {
        super(call + " failed with " + name + " (" + number + ")" + (explanation.isEmpty() ? "" : ": " + explanation));
        this.name = name;
        this.number = number;
        this.call = call;
    }

    /** The status as the header spells it. */
    public String name() {
        return name;
    }

    /** The status, a {@code cublasStatus_t}. */
    public int number() {
        return number;
    }

    /** The function that failed, with what identifies its object. */
    public String call() {
        return call;
    }
}
