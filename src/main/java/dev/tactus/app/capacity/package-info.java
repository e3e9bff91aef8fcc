/** What {@code tactus capacity} does: loads an engine with live sessions and looks how many hold the deadline. */
package dev.tactus.app.capacity;
