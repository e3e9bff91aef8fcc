package dev.tactus.scenario.eval;

/** What was measured. */
public sealed interface Result permits Rate, Spread, WordErrors, PerMinute {
    /** How many things it was measured on; with 0 it says nothing. */
    long n();
}
