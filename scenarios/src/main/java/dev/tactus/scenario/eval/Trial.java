package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;

/**
 * An episode that a model is to go through.
 *
 * @param group what it is counted with: the name of a family in lower case, or "recorded"
 * @param name what it is called in messages: its seed or its folder
 * @param episode what is played
 */
public record Trial(String group, String name, Episode episode) {}
