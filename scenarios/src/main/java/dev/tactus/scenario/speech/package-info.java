/** Who speaks in an episode, and how words become samples. */
package dev.tactus.scenario.speech;
