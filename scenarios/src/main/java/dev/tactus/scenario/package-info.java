/** Micro-turn episodes: what a user says, shows and types, and what a model should put out at every tick. */
package dev.tactus.scenario;
