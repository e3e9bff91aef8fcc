/** Memory that is allocated once, counted per tag, then frozen. */
package dev.tactus.memory;
