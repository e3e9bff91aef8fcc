package dev.tactus.kernel.c;

/** {@code enum tactus_code}: the ops that {@code pass.c} knows, in its order. */
enum OpCode {
    MEL_FOLD,
    MEL_MAGNITUDE,
    MEL_BIN,
    AUDIO_BAG,
    PATCH_PIXELS,
    FOLD,
    GELU,
    LINEAR,
    RMS_NORM,
    EMBED,
    KEY_VALUE,
    ATTENTION,
    LINEAR_CONV,
    LINEAR_SWIGLU,
    ROUTE,
    EXPERTS_UP,
    EXPERTS_DOWN_CONV,
    OUTPUT_NORM,
    SAMPLE,
    ADAPTER_DOWN,
    SPEECH_BLOCKS,
    FLOW,
    VOCODE;

    int number() {
        return ordinal() + 1;
    }
}
