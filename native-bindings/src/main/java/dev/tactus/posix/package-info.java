/** The few POSIX calls the engine needs: page size, memory locking, resource limits. */
package dev.tactus.posix;
