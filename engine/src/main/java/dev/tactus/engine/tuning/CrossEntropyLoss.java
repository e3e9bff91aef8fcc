package dev.tactus.engine.tuning;

/** Cross entropy against a known token: {@code L = -log p}. */
public record CrossEntropyLoss() implements TokenLoss {
    @Override
    public LossTerm term(final float logProbability, final float samplerLogProbability, final float advantage) {
        return LossTerm.supervised(-logProbability, -1f, logProbability);
    }
}
