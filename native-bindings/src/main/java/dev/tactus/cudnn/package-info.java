/**
 * One-dimensional convolutions through cuDNN, an optional library. No tick uses it: it is there for codecs that a
 * checkpoint brings along.
 */
package dev.tactus.cudnn;
