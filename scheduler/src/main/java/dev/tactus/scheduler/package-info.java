/** The beat: ingress records, the seal, tick records and the loop that drives an engine through its ports. */
package dev.tactus.scheduler;
