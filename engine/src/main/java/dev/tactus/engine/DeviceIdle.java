package dev.tactus.engine;

import dev.tactus.engine.device.Backend;
import org.agrona.concurrent.IdleStrategy;

/**
 * How the thread that polls a device idles: it yields while a tick is there that moves on only when it is polled, and
 * backs off otherwise. So a GPU never waits for a timer between two passes, and no processor is kept busy between two
 * ticks.
 */
final class DeviceIdle implements IdleStrategy {
    private final Backend backend;
    private final IdleStrategy backOff;

    DeviceIdle(final Backend backend, final IdleStrategy backOff) {
        this.backend = backend;
        this.backOff = backOff;
    }

    @Override
    public void idle(final int workCount) {
        if (workCount > 0) {
            backOff.reset();
        } else {
            idle();
        }
    }

    @Override
    public void idle() {
        if (backend.wantsPolls()) {
            Thread.yield();
        } else {
            backOff.idle();
        }
    }

    @Override
    public void reset() {
        backOff.reset();
    }
}
