/** Log-mel frames of speech, and the sound that is made of them: the EXACT class, with one arithmetic in Java and C. */
package dev.tactus.kernel.vocoder;
