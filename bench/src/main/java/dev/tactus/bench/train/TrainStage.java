package dev.tactus.bench.train;

/** What a training step consists of, in this order, and the step itself. */
public enum TrainStage {
    /** Logits of a batch, activations kept. */
    FORWARD("forward"),
    /** Cross entropy and the gradients of the logits. */
    LOSS("loss"),
    /** Gradients of all parameters. */
    BACKWARD("backward"),
    /** AdamW, and the gradients back to zero. */
    OPTIMISER("AdamW"),
    /** All of them, one after the other. */
    STEP("step");

    private final String label;

    TrainStage(final String label) {
        this.label = label;
    }

    /** Its name in reports. */
    public String label() {
        return label;
    }
}
