package dev.tactus.app.run;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C, or another request to end the process, as a question the run asks: the process waits, for a limited time,
 * until the run has ended its sessions and closed its files.
 */
public final class Interrupt implements AutoCloseable {
    /** Long enough for the tick in flight and the files; after it the process goes, whatever is still open. */
    private static final long LONGEST_WAIT_S = 20;

    private final AtomicBoolean asked = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::onShutdown, "tactus-interrupt");
    private final long longestWaitS;
    private boolean installed;

    /** Not yet watching. */
    public Interrupt() {
        this(LONGEST_WAIT_S);
    }

    /** Not yet watching; the process waits so many seconds at most. */
    public Interrupt(final long longestWaitS) {
        this.longestWaitS = longestWaitS;
    }

    /** Watches for the end of the process from now on. */
    public void install() {
        Runtime.getRuntime().addShutdownHook(hook);
        installed = true;
    }

    /** Whether the run is to end. Any thread. */
    public boolean isAsked() {
        return asked.get();
    }

    /** Asks the run to end, as Ctrl-C does. Any thread. */
    public void ask() {
        asked.set(true);
    }

    private void onShutdown() {
        ask();
        try {
            done.await(longestWaitS, TimeUnit.SECONDS);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says that everything is closed and printed; a process that waits for that ends now. */
    @Override
    public void close() {
        if (installed && !isAsked()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (final IllegalStateException ex) {
                // the process is ending already, and the hook runs or is about to: it finds the latch open
                ask();
            }
        }
        done.countDown();
    }
}
