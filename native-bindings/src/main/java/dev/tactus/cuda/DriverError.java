package dev.tactus.cuda;

/** The errors with which {@code cuInit} refuses, by the names of {@code cuda.h}, and what helps against each. */
enum DriverError {
    NOT_INITIALIZED(3, "restart the machine, the kernel module does not answer"),
    STUB_LIBRARY(34, "remove the toolkit's stub library from the library path, so that the driver's own is found"),
    DEVICE_UNAVAILABLE(46, "wait for the process that uses the GPU alone, or set its compute mode to default"),
    NO_DEVICE(100, "check that nvidia-smi lists a GPU"),
    OPERATING_SYSTEM(304, "load the kernel modules (nvidia-modprobe -u -c 0) and check the rights of /dev/nvidia*"),
    NOT_PERMITTED(800, "let this user open the /dev/nvidia* files"),
    SYSTEM_NOT_READY(802, "wait until the fabric manager is up (systemctl status nvidia-fabricmanager)"),
    SYSTEM_DRIVER_MISMATCH(803, "restart the machine: the driver was updated while its kernel module was loaded"),
    COMPAT_NOT_SUPPORTED_ON_DEVICE(804, "remove the CUDA compatibility package from the library path"),
    UNKNOWN(999, "restart the machine, or run nvidia-smi as root once: the driver was updated or not fully loaded");

    private final int number;
    private final String remedy;

    DriverError(final int number, final String remedy) {
        this.number = number;
        this.remedy = remedy;
    }

    /** The {@code CUresult}. */
    int number() {
        return number;
    }

    /** The name in {@code cuda.h}, for a library that cannot say it itself. */
    static String name(final int number) {
        for (final DriverError error : values()) {
            if (error.number == number) {
                return "CUDA_ERROR_" + error.name();
            }
        }
        return "an error without a name";
    }

    /** What helps, as a clause. */
    static String remedy(final int number) {
        for (final DriverError error : values()) {
            if (error.number == number) {
                return error.remedy;
            }
        }
        return "check nvidia-smi";
    }
}
