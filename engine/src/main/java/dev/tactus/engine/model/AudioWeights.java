package dev.tactus.engine.model;

/**
 * The audio encoder.
 *
 * @param encoder [mels·levels, d]: row m·levels + l is added for band m at level l
 * @param finalNorm [1, d]
 */
public record AudioWeights(Matrix encoder, FloatTable finalNorm) {}
