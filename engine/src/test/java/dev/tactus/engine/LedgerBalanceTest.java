package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every tick has a row, and its stages account for its wall time. */
class LedgerBalanceTest {
    private static final int TICKS = 60;

    /** Fewer: a software GPU takes its time. */
    private static final int TICKS_ON_A_GPU = 12;

    private static final int MODALITIES = Modality.AUDIO.bit() | Modality.VIDEO.bit() | Modality.TEXT.bit();

    @ParameterizedTest
    @CsvSource({"INVOKER, CPU", "SHARED, CPU", "DEDICATED, CPU", "INVOKER, CUDA", "SHARED, CUDA", "DEDICATED, CUDA"})
    void shouldAccountForTheWallTimeOfEveryTick(final ThreadingMode mode, final DeviceChoice device) {
        final MemoryLedger ledger = new MemoryLedger();
        final List<Double> shares = new ArrayList<>();
        try (LoadedModel model = LoadedModel.open(GoldenCase.directory("multimodal-moe"), ledger);
                Engine engine = Engine.launch(EngineFixture.on(device, new EngineContext())
                        .model(model)
                        .interaction(InteractionConfig.resolve("default", model.config()))
                        .threadingMode(mode)
                        .threads(2)
                        .pacing(Pacing.STEPPED)
                        .ledger(ledger))) {
            final SessionSpec spec = SessionSpec.of(Modality.AUDIO, Modality.VIDEO, Modality.TEXT)
                    .withSampling(new SamplingParameters(1f, 40, 0.95f));
            final ScriptedSession fed = new ScriptedSession(engine.open(spec), MODALITIES, 5, SystemNanoClock.INSTANCE);
            final int ticks = device == DeviceChoice.CPU ? TICKS : TICKS_ON_A_GPU;
            for (int tick = 0; tick < ticks; tick++) {
                fed.feed(tick);
                if (mode == ThreadingMode.INVOKER) {
                    engine.invoker().tick();
                } else {
                    engine.awaitBeat(engine.step());
                }
                final int number = tick;
                assertEquals(1, fed.session().poll(event -> shares.add(unattributed(event, number))));
            }
        }
        assertEquals(device == DeviceChoice.CPU ? TICKS : TICKS_ON_A_GPU, shares.size());
        final double median = shares.stream().sorted().toList().get(shares.size() / 2);
        assertTrue(median < 0.01, device + ", " + mode + ": median unattributed share " + median);
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static double unattributed(final TickEvent event, final int tick) {
        final DirectBuffer row = event.row();
        final int at = event.rowOffset();
        long sum = 0;
        for (final Stage stage : Stage.values()) {
            final long ns = LedgerRow.stageNs(row, at, stage);
            assertTrue(ns >= 0, "tick " + tick + ": " + stage + " took " + ns + " ns");
            sum += ns;
        }
        assertEquals(tick, LedgerRow.tick(row, at));
        assertEquals(event.wallNs(), sum + event.unattributedNs(), "tick " + tick);
        assertEquals(event.wallNs(), LedgerRow.emitNs(row, at) - LedgerRow.startNs(row, at));
        assertTrue(event.unattributedNs() >= 0, "tick " + tick + " counts time twice: " + event.unattributedNs());
        assertTrue(LedgerRow.stageNs(row, at, Stage.FUSE) > 0, "the prefill takes time");
        return (double) event.unattributedNs() / event.wallNs();
    }
}
