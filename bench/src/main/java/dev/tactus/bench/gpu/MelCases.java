package dev.tactus.bench.gpu;

import dev.tactus.kernel.cuda.AudioLaunches;
import dev.tactus.kernel.cuda.CudaRows;
import java.util.List;
import java.util.stream.LongStream;

/** Hearing: the slots of a tick of every session, from samples to bins. */
final class MelCases {
    private static final int SLOTS = 4;
    private static final int SLOT_SAMPLES = 800;
    private static final int EVEN = 801;
    private static final int ODD = 799;
    private static final int MELS = 80;
    private static final int THRESHOLDS = 15;

    private MelCases() {}

    static GpuCase of(final GpuDevice device, final int sessions) {
        final int slots = sessions * SLOTS;
        final long slotBytes = (long) SLOT_SAMPLES * Float.BYTES;
        final long samples = device.random("samples", (slots + 1) * slotBytes);
        final long left = device.longs(
                "slots before",
                LongStream.range(0, slots).map(i -> samples + i * slotBytes).toArray());
        final long right = device.longs(
                "slots",
                LongStream.range(1, slots + 1L)
                        .map(i -> samples + i * slotBytes)
                        .toArray());
        final long known = device.zeros("known bins", (long) slots * Long.BYTES);
        final long even = device.zeros("even", floats(slots, EVEN));
        final long odd = device.zeros("odd", floats(slots, ODD));
        final long magnitude = device.zeros("magnitudes", floats(slots, EVEN));
        final CudaRows rows = new CudaRows(device.ints("sources", slots), slots);
        final AudioLaunches audio = new AudioLaunches(device.kernels());
        final GpuCase.Work work = GpuCase.Work.of(List.of(
                audio.melFold(left, right, known, device.random("window", floats(2, SLOT_SAMPLES)), even, odd, rows),
                audio.melSpectrum(
                        even,
                        odd,
                        device.random("cosines", floats(EVEN, EVEN)),
                        device.random("sines", floats(EVEN, ODD)),
                        magnitude,
                        rows),
                audio.melBins(
                        known,
                        magnitude,
                        device.random("filters", floats(MELS, EVEN)),
                        device.random("thresholds", floats(1, THRESHOLDS)),
                        THRESHOLDS,
                        device.zeros("bins", floats(slots, MELS)),
                        MELS,
                        rows)));
        final double bytes = floats(EVEN, EVEN) + floats(EVEN, ODD) + floats(MELS, EVEN) + (double) slots * slotBytes;
        return new GpuCase("dMel", SLOTS + " slots of 50 ms", "", sessions, bytes, 0, List.of(work));
    }

    private static long floats(final long rows, final long columns) {
        return rows * columns * Float.BYTES;
    }
}
