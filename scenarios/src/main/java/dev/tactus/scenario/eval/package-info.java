/** How well a model does in scenarios: episodes run through the engine, and what is measured in what came out. */
package dev.tactus.scenario.eval;
