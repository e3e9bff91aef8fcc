/** The command line of the engine. */
package dev.tactus.app;
