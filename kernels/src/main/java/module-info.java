/** The arithmetic of the engine: every op as a plain reference and as a Vector API kernel, bit-equal. */
module dev.tactus.kernels {
    requires transitive dev.tactus.memory;
    requires transitive jdk.incubator.vector;

    exports dev.tactus.kernel;
    exports dev.tactus.kernel.reference;
    exports dev.tactus.kernel.vector;
}
