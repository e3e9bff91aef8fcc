/** What {@code tactus train} does around the training loop: its folder, progress, loss curve and hooks. */
package dev.tactus.app.train;
