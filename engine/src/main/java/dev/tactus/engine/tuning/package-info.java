/** Training: the engine's forward pass with its gradients, the losses, the optimiser, adapters and what is saved. */
package dev.tactus.engine.tuning;
