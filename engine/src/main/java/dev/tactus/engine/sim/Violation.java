package dev.tactus.engine.sim;

import java.util.Locale;

/**
 * What a checker found.
 *
 * @param seed of the run
 * @param scenario of the run
 * @param beat when it was found, from 0
 * @param session index of the session it is about; -1 for the engine
 * @param check what does not hold
 * @param expected what would be right
 * @param found what is
 */
public record Violation(
        long seed, Scenario scenario, long beat, int session, Check check, String expected, String found) {
    /** One line. */
    @Override
    public String toString() {
        return "violation: seed " + seed + ", scenario " + scenario.label() + ", tick " + beat
                + (session < 0 ? ", engine" : ", session " + session) + ", "
                + check.name().toLowerCase(Locale.ROOT) + ": expected " + expected + ", found " + found;
    }
}
