/** Speech synthesis by libespeak-ng, called in this process: needed to train and to test, never to run a model. */
package dev.tactus.espeak;
