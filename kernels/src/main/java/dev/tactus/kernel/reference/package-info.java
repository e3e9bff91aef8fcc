/** The EXACT class in plain Java: the oracle that every other implementation equals bit for bit. */
package dev.tactus.kernel.reference;
