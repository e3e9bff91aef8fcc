/** The arithmetic of the engine: every op as a plain reference, as a Vector API kernel, in C and in CUDA, bit-equal. */
module dev.tactus.kernels {
    requires transitive dev.tactus.memory;
    requires transitive jdk.incubator.vector;

    exports dev.tactus.kernel;
    exports dev.tactus.kernel.c;
    exports dev.tactus.kernel.cuda;
    exports dev.tactus.kernel.reference;
    exports dev.tactus.kernel.vector;
    exports dev.tactus.kernel.vocoder;
}
