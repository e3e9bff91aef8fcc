/** What {@code tactus doctor} looks at, one class per part of the machine. */
package dev.tactus.app.doctor;
