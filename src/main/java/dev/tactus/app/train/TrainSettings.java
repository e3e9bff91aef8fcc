package dev.tactus.app.train;

import java.nio.file.Path;

/**
 * What the command line asks of a training run.
 *
 * @param recipe the recipe's file
 * @param out the folder for the results, or null for the recipe's own
 * @param resume whether to go on with the run in that folder
 * @param threads that compute
 * @param quiet whether there is no progress
 * @param terminal whether the screen is a terminal
 */
public record TrainSettings(Path recipe, Path out, boolean resume, int threads, boolean quiet, boolean terminal) {}
