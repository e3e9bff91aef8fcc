/** Typed doors to native libraries. The only module that calls {@link java.lang.foreign.Linker}. */
module dev.tactus.bindings {
    exports dev.tactus.bindings;
    exports dev.tactus.cublaslt;
    exports dev.tactus.cuda;
    exports dev.tactus.cudnn;
    exports dev.tactus.espeak;
    exports dev.tactus.posix;
}
