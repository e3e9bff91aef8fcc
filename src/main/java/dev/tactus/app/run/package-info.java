/** {@code tactus run}: media from files or a pipe into sessions, and what they put out to the screen and to files. */
package dev.tactus.app.run;
