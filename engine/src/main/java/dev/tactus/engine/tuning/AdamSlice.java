package dev.tactus.engine.tuning;

/**
 * A parameter of the slab that is trained.
 *
 * @param name of the parameter, for messages
 * @param offset of its first element in the slab
 * @param count its elements
 * @param decays whether weight decay holds for it: true for matrices, false for norms, convolutions and biases
 */
public record AdamSlice(String name, long offset, long count, boolean decays) {}
