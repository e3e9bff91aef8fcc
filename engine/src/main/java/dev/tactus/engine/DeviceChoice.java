package dev.tactus.engine;

/** What an engine computes on; in the EXACT class both give the same bits. */
public enum DeviceChoice {
    /** The processors of this machine. */
    CPU,
    /** An NVIDIA GPU through its driver. */
    CUDA
}
