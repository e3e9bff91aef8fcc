/** What the commands share: sizes and tables for people, options, targets for output, and the error of bad input. */
package dev.tactus.app.cli;
