/** The small language of the episodes: sixty words, and commands none of which begins another. */
package dev.tactus.scenario.language;
