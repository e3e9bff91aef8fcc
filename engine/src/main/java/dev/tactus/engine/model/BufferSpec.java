package dev.tactus.engine.model;

/**
 * A numbered buffer of the step program: rows of 4-byte elements.
 *
 * @param name for messages and traces
 * @param space what its row count follows
 * @param columns elements per row
 */
public record BufferSpec(String name, RowSpace space, int columns) {}
