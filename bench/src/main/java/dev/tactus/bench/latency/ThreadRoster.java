package dev.tactus.bench.latency;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;

/** Makes an engine's threads and remembers them, so that what each allocates on the heap can be told. Any thread. */
final class ThreadRoster implements ThreadFactory {
    private final ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();

    @Override
    public Thread newThread(final Runnable body) {
        final Thread thread = new Thread(body);
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    /** Bytes that all threads have allocated since they started. */
    long totalAllocatedBytes() {
        long bytes = 0;
        for (final Thread thread : threads) {
            bytes += bean.getThreadAllocatedBytes(thread.threadId());
        }
        return bytes;
    }

    /** Bytes that each thread has allocated since it started, by its name. */
    Map<String, Long> allocatedBytes() {
        final Map<String, Long> bytes = new LinkedHashMap<>();
        for (final Thread thread : threads) {
            bytes.merge(thread.getName(), bean.getThreadAllocatedBytes(thread.threadId()), Long::sum);
        }
        return bytes;
    }
}
