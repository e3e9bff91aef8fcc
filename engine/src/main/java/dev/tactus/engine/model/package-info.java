/** The model: its configuration, its checkpoint files and where every weight lies in memory. */
package dev.tactus.engine.model;
