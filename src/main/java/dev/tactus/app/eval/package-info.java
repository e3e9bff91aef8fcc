/** {@code tactus eval}: lets a model go through scenarios and prints how well it did. */
package dev.tactus.app.eval;
