/** The checkable part of how this code is written, kept by a test that reads every source. */
package dev.tactus.tidy;
