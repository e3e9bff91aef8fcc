package dev.tactus.engine.model;

/** The MLP of a layer: {@link DenseMlp} or {@link ExpertsMlp}. */
public sealed interface MlpWeights permits DenseMlp, ExpertsMlp {}
