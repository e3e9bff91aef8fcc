package dev.tactus.bench.micro;

import dev.tactus.app.load.SessionFeed;
import dev.tactus.app.load.TickShape;
import dev.tactus.bench.BenchModel;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.scheduler.Pacing;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole tick of one session on the calling thread: feed, seal, plan, all kernels, emit, poll. No threads, so no
 * hand-overs: what remains is arithmetic and bookkeeping. Every iteration starts with a new session, whose context
 * grows.
 */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TickBenchmark {
    /** About how many parameters the random model has. */
    @Param("5M")
    public String params;

    /** Which kernels. */
    @Param({"VECTOR", "REFERENCE"})
    public KernelChoice kernels;

    /** Rows of the prefill. */
    @Param("24")
    public int rows;

    /** Decode passes of a tick. */
    @Param({"0", "8"})
    public int passes;

    /** Longest warm-up of the kernels at launch. */
    @Param("1000")
    public int warmUpMs;

    private final SessionHandler sum = this::onTick;
    private BenchModel model;
    private Engine engine;
    private TickShape shape;
    private SessionFeed feed;
    private long tokens;

    /** Writes the model and launches the engine. */
    @Setup(Level.Trial)
    public void launch() {
        model = BenchModel.random(RandomModel.parameterCount(params));
        final LoadedModel loaded = model.load();
        final InteractionConfig interaction = model.interaction();
        shape = TickShape.of(loaded.weights(), interaction, rows, passes);
        engine = Engine.launch(new EngineContext()
                .model(loaded)
                .interaction(interaction)
                // the session of an iteration ends at the seal after that of the next one was opened
                .maxSessions(2)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.STEPPED)
                .kernels(kernels)
                .warmUpNs(TimeUnit.MILLISECONDS.toNanos(warmUpMs)));
    }

    /** Opens a session and runs the first tick, which lacks what the others have. */
    @Setup(Level.Iteration)
    public void open() {
        feed = new SessionFeed(engine, shape, 1);
        tick();
    }

    /** Gives the session up. */
    @TearDown(Level.Iteration)
    public void leave() {
        feed.close();
        engine.invoker().tick();
    }

    /** Closes engine and model. */
    @TearDown(Level.Trial)
    public void close() {
        CloseHelper.closeAll(engine, model);
    }

    /** One tick; returns how many tokens were put out so far. */
    @Benchmark
    public long tick() {
        feed.feed();
        engine.invoker().tick();
        feed.poll(sum);
        return tokens;
    }

    private void onTick(final TickEvent event) {
        tokens += event.tokens();
    }
}
