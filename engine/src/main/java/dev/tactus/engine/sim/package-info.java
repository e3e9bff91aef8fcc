/**
 * The simulation: the engine's own loop, rings, seal rules and planner on one thread, under a virtual clock and a
 * device whose outputs are hashes, with everything that can go wrong drawn from one seed, and checkers that hold at
 * every tick.
 */
package dev.tactus.engine.sim;
