package dev.tactus.engine.tuning;

/** An encoder of what is not text. Its vectors stand in the order of {@link PackedRows#value}. */
interface MediaEncoder {
    /** The kind of the rows it serves. */
    byte kind();

    /** Encodes all of a batch into y, one row of d each. */
    void forward(PackedRows rows, long y);

    /** Adds to its gradients, only where the model is trained; dy is laid out like y and may be overwritten. */
    void backward(PackedRows rows, long dy);
}
