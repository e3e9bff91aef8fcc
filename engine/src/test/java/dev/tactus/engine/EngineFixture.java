package dev.tactus.engine;

import dev.tactus.engine.device.cuda.SoftGpu;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A golden model, engines over it that are stepped, and a consumer that keeps what it hears. */
final class EngineFixture implements AutoCloseable {
    final MemoryLedger ledger = new MemoryLedger();
    final LoadedModel model;

    EngineFixture(final String name) {
        this(path(name));
    }

    EngineFixture(final Path directory) {
        this.model = LoadedModel.open(directory, ledger);
    }

    static Path path(final String name) {
        try {
            return Path.of(EngineFixture.class.getResource("/golden/" + name).toURI());
        } catch (final URISyntaxException ex) {
            throw new IllegalStateException(ex);
        }
    }

    static ModelConfig config(final String name) {
        return ModelConfig.read(path(name));
    }

    EngineContext context(final int sessions) {
        return new EngineContext()
                .model(model)
                .interaction(InteractionConfig.resolve("default", model.config()))
                .maxSessions(sessions)
                .threads(2)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.STEPPED)
                .kernels(KernelChoice.REFERENCE)
                .admission(false)
                // a clock that stands still: no deadline passes however busy the machine is
                .clock(() -> 1)
                .ledger(ledger);
    }

    /** The same on a device; the test is skipped where a GPU is wanted and there is none. */
    static EngineContext on(final DeviceChoice device, final EngineContext context) {
        if (device == DeviceChoice.CPU) {
            return context;
        }
        SoftGpu.require();
        return context.device(device).kernels(KernelChoice.AUTO);
    }

    Engine launch(final int sessions) {
        return Engine.launch(context(sessions));
    }

    /** Runs one beat to its end in whichever mode the engine is. */
    static void step(final Engine engine, final ThreadingMode mode) {
        if (mode == ThreadingMode.INVOKER) {
            engine.invoker().tick();
            return;
        }
        final long beat = engine.step();
        while (engine.completedBeats() <= beat) {
            Thread.yield();
        }
    }

    static void step(final Engine engine) {
        step(engine, ThreadingMode.INVOKER);
    }

    @Override
    public void close() {
        model.close();
        if (ledger.liveBytes() != 0) {
            throw new AssertionError("leaked:\n" + ledger);
        }
    }

    /** A tick's input, which depends on a seed and the tick alone: some audio with gaps, a frame, some text. */
    static void feed(final Session session, final int modalities, final long seed, final int tick) {
        if (Modality.AUDIO.in(modalities)) {
            for (int i = 0; i < 4; i++) {
                audio(session, seed, tick * 4 + i);
            }
        }
        if (Modality.VIDEO.in(modalities) && (tick + seed) % 3 == 0) {
            final MemorySegment slot = session.video().claim();
            for (int i = 0; i < session.video().height() * session.video().width() * 3; i++) {
                slot.set(ValueLayout.JAVA_BYTE, i, (byte) (i * (seed + 3) + tick * 7));
            }
            session.video().commit(0);
        }
        if (Modality.TEXT.in(modalities) && tick % 4 == 1) {
            session.text().offer(new int[] {20 + tick, 40 + (int) (seed % 50)}, 0);
        }
    }

    private static void audio(final Session session, final long seed, final int slot) {
        if ((slot + seed) % 7 == 3) {
            session.audio().skip(1);
            return;
        }
        final MemorySegment samples = session.audio().claim();
        for (int i = 0; i < AudioInput.SLOT_SAMPLES; i++) {
            final double t = (slot * (double) AudioInput.SLOT_SAMPLES + i) * (0.01 + 0.003 * (seed % 17));
            samples.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (0.3 * Math.sin(t)));
        }
        session.audio().commit(0);
    }

    /** Keeps every tick as text: number, tokens with what they were, reason. */
    static final class Listener implements SessionHandler {
        final List<String> ticks = new ArrayList<>();
        final List<String> reasons = new ArrayList<>();
        EndReason end;
        long endTicks;
        int ends;

        @Override
        public void onTick(final TickEvent event) {
            final StringBuilder line = new StringBuilder().append(event.tick()).append(':');
            for (int i = 0; i < event.tokens(); i++) {
                final String kind = event.isCaption(i) ? "h" : event.isSpoken(i) ? "s" : "";
                line.append(' ').append(event.tokenId(i)).append(kind);
            }
            ticks.add(line.toString());
            reasons.add(event.reason().name());
        }

        @Override
        public void onEnd(final EndReason reason, final long ticksLived) {
            end = reason;
            endTicks = ticksLived;
            ends++;
        }
    }
}
