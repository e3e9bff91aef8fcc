package dev.tactus.posix;

/** A POSIX call failed; carries the call and its {@code errno}, and says what to do where that is known. */
public final class PosixException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    PosixException(final String call, final int errno, final String remedy) {
        super(call + " failed with errno " + errno + " (" + name(errno) + ")"
                + (remedy.isEmpty() ? "" : ": " + remedy));
        this.call = call;
        this.errno = errno;
    }

    /** The function that failed, with its arguments. */
    public String call() {
        return call;
    }

    /** The error number, as the platform defines it. */
    public int errno() {
        return errno;
    }

    /** The numbers up to 34 are the same on Linux and macOS, except EAGAIN. */
    private static String name(final int errno) {
        return switch (errno) {
            case 1 -> "EPERM, not permitted";
            case 3 -> "ESRCH, no such thread";
            case 11, 35 -> "EAGAIN, try again";
            case 12 -> "ENOMEM, not enough memory";
            case 14 -> "EFAULT, bad address";
            case 22 -> "EINVAL, invalid argument";
            default -> "see errno.h";
        };
    }
}
