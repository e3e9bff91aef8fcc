package dev.tactus.cuda;

import java.util.List;

/**
 * No GPU can be used on this machine as it is. The message holds every reason and the remedy; {@link #reasons()} and
 * {@link #remedy()} hold them apart, for a report.
 */
public final class CudaUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What stands in the way first. */
    public enum Cause {
        /** The driver's library is not there or cannot be loaded. */
        NO_LIBRARY,
        /** The driver speaks an older CUDA than {@link CudaDriver#OLDEST_VERSION}. */
        TOO_OLD,
        /** There is a driver, and it sees no GPU. */
        NO_DEVICE,
        /** There is a GPU that this user may not open. */
        NO_PERMISSION,
        /** The driver refuses to start for another reason. */
        REFUSED,
        /** The library lacks functions, so it is no CUDA driver. */
        NOT_A_DRIVER,
        /** This process already uses another driver library. */
        OTHER_DRIVER
    }

    private final Cause kind;
    private final transient List<String> reasons;
    private final String remedy;

    CudaUnavailableException(final Cause kind, final List<String> reasons, final String remedy) {
        super("the GPU cannot be used: " + String.join("; ", reasons) + "; " + remedy);
        this.kind = kind;
        this.reasons = List.copyOf(reasons);
        this.remedy = remedy;
    }

    /** What stands in the way first. */
    public Cause kind() {
        return kind;
    }

    /** One clause per finding, the decisive one first. */
    public List<String> reasons() {
        return reasons == null ? List.of() : reasons;
    }

    /** What to do, as a clause. */
    public String remedy() {
        return remedy;
    }
}
