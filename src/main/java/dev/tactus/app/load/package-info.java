/** Sessions that live by the clock, fed and polled by one thread: what the capacity command and the benches run. */
package dev.tactus.app.load;
