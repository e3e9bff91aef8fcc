package dev.tactus.bench.gpu;

import dev.tactus.engine.KernelSelection;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.kernel.NumericClass;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;

/**
 * The logits of one sequence, on the GPU and on the CPU, EXACT.
 *
 * @param positions of the sequence
 * @param logits numbers that were compared
 * @param different of them, those whose bits differ
 */
public record BitCheck(int positions, long logits, long different) {
    /** Rows of a pass; no divisor of anything. */
    private static final int CHUNK = 7;

    static BitCheck of(final LoadedModel model, final int positions, final int threads) {
        final int vocabulary = model.config().text().unpaddedVocab();
        final int[] ids = new int[positions];
        for (int i = 0; i < positions; i++) {
            ids[i] = 16 + i * 37 % (vocabulary - 16);
        }
        final MemoryLedger ledger = new MemoryLedger();
        final int[] onCpu = new int[positions * vocabulary];
        final int[] onGpu = new int[positions * vocabulary];
        try (TeacherForcing cpu = new TeacherForcing(
                model, KernelSelection.DEFAULT.resolve(), 1, positions, positions, threads, BitCheck::daemon, ledger)) {
            run(cpu, ids, positions, vocabulary, onCpu);
        }
        final int rows = Math.min(CHUNK, positions);
        try (TeacherForcing gpu = TeacherForcing.onCuda(model, NumericClass.EXACT, 1, positions, rows, ledger)) {
            run(gpu, ids, rows, vocabulary, onGpu);
        }
        long different = 0;
        for (int i = 0; i < onCpu.length; i++) {
            different += onCpu[i] == onGpu[i] ? 0 : 1;
        }
        return new BitCheck(positions, onCpu.length, different);
    }

    private static void run(
            final TeacherForcing forcing, final int[] ids, final int rows, final int vocabulary, final int[] bits) {
        final TeacherForcing.Sequence[] sequences = {TeacherForcing.Sequence.ofText(ids)};
        forcing.run(sequences, rows, (sequence, position, address) -> {
            for (int id = 0; id < vocabulary; id++) {
                bits[position * vocabulary + id] = OffHeap.getInt(address + (long) id * Float.BYTES);
            }
        });
    }

    private static Thread daemon(final Runnable body) {
        final Thread thread = new Thread(body, "bits");
        thread.setDaemon(true);
        return thread;
    }
}
