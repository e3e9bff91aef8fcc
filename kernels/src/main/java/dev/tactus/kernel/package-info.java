/** The ops a model is made of, as one interface over raw addresses, with what every implementation shares. */
package dev.tactus.kernel;
