/**
 * Behind {@code tactus sim}: a range of seeds through the simulation, a line for each, and how to replay what fails.
 */
package dev.tactus.app.sim;
