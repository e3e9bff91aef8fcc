package dev.tactus.app.model;

import dev.tactus.app.cli.Units;
import dev.tactus.engine.DeviceChoice;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.KernelSelection;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vector.VectorKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The logits of one sequence, into one file.
 *
 * @param model model directory
 * @param adapter folder of a LoRA adapter; null for the model alone
 * @param inputs file with the sequence
 * @param out file that appears complete or not at all
 * @param rows most positions per pass
 * @param threads threads that compute
 * @param kernels which kernels
 */
public record LogitsJob(
        Path model, Path adapter, Path inputs, Path out, int rows, int threads, KernelSelection kernels) {
    private static final String TENSOR = "logits";

    /** Parameters times positions from which on the vector kernels make up for their slow start. */
    private static final double WORTH_WARMING = 1e10;

    /**
     * Runs.
     *
     * @return what was done, in one line
     * @throws InvalidModelException naming file and tensor when model, adapter or sequence cannot be used
     * @throws IOException when the output cannot be written
     */
    public String run() throws IOException {
        final long startNs = System.nanoTime();
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel loaded = LoadedModel.open(model, ledger);
                FreezableArena arena = new FreezableArena(ledger);
                SafetensorsFile file = SafetensorsFile.open(inputs, ledger)) {
            final List<LoraAdapter> adapters =
                    adapter == null ? List.of() : List.of(LoraAdapter.load(adapter, loaded.loraBase(), arena, ledger));
            final TeacherForcing.Sequence sequence =
                    SequenceFile.read(file, loaded).withAdapter(adapters.size());
            final int positions = sequence.ids().length;
            final int vocabulary = loaded.config().text().unpaddedVocab();
            final String used;
            try (TeacherForcing forcing = forcing(loaded, adapters, positions, ledger)) {
                write(forcing, sequence, vocabulary);
                used = forcing.backendName();
            }
            return String.format(
                    Locale.ROOT,
                    "%s: logits [%d, %d], %s, in %.1f s on %s",
                    out,
                    positions,
                    vocabulary,
                    Units.bytes((long) positions * vocabulary * Float.BYTES),
                    (System.nanoTime() - startNs) / 1e9,
                    used);
        }
    }

    private TeacherForcing forcing(
            final LoadedModel loaded,
            final List<LoraAdapter> adapters,
            final int positions,
            final MemoryLedger ledger) {
        if (kernels.device() == DeviceChoice.CUDA) {
            return TeacherForcing.onCuda(loaded, adapters, kernels.numerics(), 1, positions, rows, ledger);
        }
        final CpuKernels set = kernels(loaded.weights().parameters() * (double) positions);
        return new TeacherForcing(loaded, adapters, set, 1, positions, rows, threads, LogitsJob::daemon, ledger);
    }

    /** All give the same bits; the vector kernels are slow until the JVM has compiled them, which is seconds. */
    private CpuKernels kernels(final double work) {
        final CpuKernels resolved = kernels.resolve();
        final boolean cold = kernels.choice() == KernelChoice.AUTO && work <= WORTH_WARMING;
        return cold && resolved.set() instanceof VectorKernels ? CpuKernels.exact(new ReferenceKernels()) : resolved;
    }

    private void write(final TeacherForcing forcing, final TeacherForcing.Sequence sequence, final int vocabulary)
            throws IOException {
        final long rowBytes = (long) vocabulary * Float.BYTES;
        final var tensor =
                new SafetensorsWriter.Declared(TENSOR, DType.F32, new long[] {sequence.ids().length, vocabulary});
        try (SafetensorsWriter writer = SafetensorsWriter.create(out, List.of(tensor), Map.of())) {
            final int chunk = Math.min(rows, sequence.ids().length);
            forcing.run(new TeacherForcing.Sequence[] {sequence}, chunk, (number, position, address) -> {
                try {
                    writer.write(TENSOR, OffHeap.ALL.asSlice(address, rowBytes));
                } catch (final IOException ex) {
                    throw new UncheckedIOException(ex);
                }
            });
            writer.commit();
        } catch (final UncheckedIOException ex) {
            throw ex.getCause();
        } catch (final InvalidModelException ex) {
            throw new InvalidModelException(inputs + ": " + ex.getMessage(), ex);
        }
    }

    private static Thread daemon(final Runnable body) {
        final Thread thread = new Thread(body);
        thread.setDaemon(true);
        return thread;
    }
}
