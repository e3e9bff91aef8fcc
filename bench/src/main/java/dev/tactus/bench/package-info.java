/** The benches' own command line: every figure the project claims is printed from here. */
package dev.tactus.bench;
