/** Recipes: a training run in one file, its data by step, and the loop that runs, checkpoints and resumes it. */
package dev.tactus.engine.tuning.recipe;
