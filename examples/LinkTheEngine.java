import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.TickEvent;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * A service in sixty lines: links the engine, lets one session hear two seconds of a rising tone, and prints what each
 * tick put out and how long it took. The caller drives the beat; a service with a clock leaves that to the engine.
 */
public final class LinkTheEngine {
    private static final int TICKS = 10;
    private static final int SLOTS_PER_TICK = 4;
    private static final int SAMPLES = 800;

    private LinkTheEngine() {}

    public static void main(final String... args) {
        try (LoadedModel model = LoadedModel.open(Path.of(args[0]), new MemoryLedger());
                Engine engine = Engine.launch(new EngineContext()
                        .model(model)
                        .threadingMode(ThreadingMode.INVOKER)
                        .pacing(Pacing.STEPPED))) {
            final Session session = engine.open(SessionSpec.of(Modality.AUDIO).withSeed(42));
            for (int tick = 0; tick < TICKS; tick++) {
                for (int slot = 0; slot < SLOTS_PER_TICK; slot++) {
                    writeTone(session.audio().claim(), tick * SLOTS_PER_TICK + slot);
                    session.audio().commit(System.nanoTime());
                }
                engine.invoker().tick();
                session.poll(LinkTheEngine::print);
            }
        }
    }

    /** Writes 50 ms of samples into the slot that the kernels will read in place. */
    private static void writeTone(final MemorySegment samples, final int slot) {
        for (int i = 0; i < SAMPLES; i++) {
            final double seconds = (slot * SAMPLES + i) / 16_000.0;
            final double tone = 0.3 * Math.sin(2 * Math.PI * (200 + 300 * seconds) * seconds);
            samples.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) tone);
        }
    }

    private static void print(final TickEvent event) {
        final StringBuilder ids = new StringBuilder();
        for (int i = 0; i < event.tokens(); i++) {
            ids.append(' ').append(event.tokenId(i));
        }
        System.out.printf(
                "tick %2d  %-8s  %6.2f ms from capture to emit, ids%s%n",
                event.tick(), event.reason(), event.wallNs() / 1e6, ids);
    }
}
