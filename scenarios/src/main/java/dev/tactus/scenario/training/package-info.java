/** Episodes as training data: the recipe's data of kind {@code scenario}. */
package dev.tactus.scenario.training;
