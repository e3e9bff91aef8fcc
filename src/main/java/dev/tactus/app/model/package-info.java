/** What {@code tactus model} says about a checkpoint, and the teacher-forced logits of {@code tactus logits}. */
package dev.tactus.app.model;
