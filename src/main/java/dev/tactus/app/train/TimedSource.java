package dev.tactus.app.train;

import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingLimits;
import dev.tactus.engine.tuning.recipe.ExampleSource;
import dev.tactus.engine.tuning.recipe.VoiceStatistics;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.NanoClock;

/** Data, and the time that making them takes. One thread. */
final class TimedSource implements ExampleSource {
    private final ExampleSource source;
    private final NanoClock clock;
    private long tookNs;

    TimedSource(final ExampleSource source, final NanoClock clock) {
        this.source = source;
        this.clock = clock;
    }

    /** Nanoseconds spent on batches. */
    long tookNs() {
        return tookNs;
    }

    @Override
    public List<TrainingExample> batch(final long step) {
        final long startNs = clock.nanoTime();
        final List<TrainingExample> batch = source.batch(step);
        tookNs += clock.nanoTime() - startNs;
        return batch;
    }

    @Override
    public TrainingLimits limits() {
        return source.limits();
    }

    @Override
    public String fingerprint() {
        return source.fingerprint();
    }

    @Override
    public boolean isSampled() {
        return source.isSampled();
    }

    @Override
    public List<String> sorts(final long step) {
        return source.sorts(step);
    }

    @Override
    public float speechFactor() {
        return source.speechFactor();
    }

    @Override
    public Optional<VoiceStatistics> voice() {
        return source.voice();
    }

    @Override
    public long heapBytes() {
        return source.heapBytes();
    }

    @Override
    public void close() {
        source.close();
    }
}
