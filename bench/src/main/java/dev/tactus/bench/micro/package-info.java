/** JMH benches of the parts a tick is made of; {@code tactus bench micro} runs them. */
package dev.tactus.bench.micro;
