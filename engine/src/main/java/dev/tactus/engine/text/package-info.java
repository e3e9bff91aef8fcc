/** Text in and out: the tokenizer of a model, and text that appears while its ids still arrive. */
package dev.tactus.engine.text;
