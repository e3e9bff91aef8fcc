/** JSON that comes from a user, read with bounds and refused in one line; not exported. */
package dev.tactus.engine.json;
