package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.cuda.MappedDevice.Buffer;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.kernel.vocoder.VocoderReference;
import dev.tactus.kernel.vocoder.VocoderTables;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Speech of several sessions over several ticks: samples and states have the reference's bits. */
class CudaVocoderTest {
    private static final int STATE = 128;

    /** A pass: which sessions have a job, and whether it is silence that brings out what is held back. */
    private record Job(int session, boolean silence) {}

    @Test
    void shouldSpeakForSeveralSessionsOverSeveralPasses() {
        try (Voices voices = new Voices(1, 3)) {
            voices.pass(new Job(0, false), new Job(1, false), new Job(2, false));
            voices.pass(new Job(1, false));
            voices.pass(new Job(0, true), new Job(2, false));
            voices.pass(new Job(0, false), new Job(1, true));
            assertTrue(voices.loudest() > 1e-3f, "nothing was heard: " + voices.loudest());
        }
    }

    @Test
    void shouldTakeWhatNoVoiceSays() {
        try (Voices voices = new Voices(2, 1)) {
            for (final float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1e30f}) {
                voices.block.putFloat(7, value);
                voices.pass(new Job(0, false));
            }
        }
    }

    @Test
    void shouldGoOnWithTheNoiseWhereItsRowsEnd() {
        try (Voices voices = new Voices(3, 1)) {
            for (final Buffer state : List.of(voices.states, voices.expectedStates)) {
                OffHeap.putInt(state.host() + STATE + 4L * (Vocoder.STATE_FLOATS - 1), 1019);
            }
            voices.pass(new Job(0, false));
            assertEquals(3, OffHeap.getInt(voices.states.host() + STATE + 4L * (Vocoder.STATE_FLOATS - 1)));
        }
    }

    /** Sessions that speak, on the device and by the reference. */
    private static final class Voices implements AutoCloseable {
        private static final int STRIDE = STATE + 4 * Vocoder.STATE_FLOATS;

        private final MappedDevice device;
        private final FreezableArena arena = new FreezableArena(new MemoryLedger());
        private final VocoderTables tables = new VocoderTables(arena);
        private final Vocoder reference = new VocoderReference(tables);
        private final int sessions;
        private final GenerateColumns columns;
        private final Buffer deviceTables;
        private final Buffer mean;
        private final Buffer deviation;
        private final Buffer states;
        private final Buffer expectedStates;
        private final Buffer block;
        private final Buffer samples;
        private final Buffer expected;
        private final Buffer logMel;
        private final Buffer scratch;
        private float loudest;

        Voices(final long seed, final int sessions) {
            this.device = new MappedDevice(seed);
            this.sessions = sessions;
            final int tableBytes = 4 * 10_200;
            deviceTables = device.bytes(tableBytes);
            OffHeap.copy(tables.address(), deviceTables.host(), tableBytes);
            mean = device.gaussians(Vocoder.MELS, 1f);
            deviation = device.gaussians(Vocoder.MELS, 1f);
            for (int m = 0; m < Vocoder.MELS; m++) {
                mean.putFloat(m, -4f);
            }
            states = device.zeros((long) sessions * STRIDE);
            expectedStates = device.zeros((long) sessions * STRIDE);
            block = device.gaussians(sessions * Vocoder.BLOCK_MELS, 1f);
            samples = device.floats(2L * sessions * Vocoder.BLOCK_SAMPLES);
            expected = device.floats(2L * sessions * Vocoder.BLOCK_SAMPLES);
            logMel = device.floats(Vocoder.BLOCK_MELS);
            scratch = device.floats(Vocoder.SCRATCH_FLOATS + 16);
            columns = new GenerateColumns(
                    device, new GenerateColumns.Sizes(sessions, sessions, 13, 64, Vocoder.BLOCK_MELS));
            for (int s = 0; s < sessions; s++) {
                columns.of(GenerateField.STATE).putLong(s, states.device() + (long) s * STRIDE);
            }
        }

        private long at(final long base, final int session) {
            return base + 2L * session * Vocoder.BLOCK_SAMPLES * Float.BYTES;
        }

        void pass(final Job... jobs) {
            columns.header(GenerateColumns.JOBS, jobs.length);
            for (int j = 0; j < jobs.length; j++) {
                final int s = jobs[j].session();
                columns.of(GenerateField.JOB_ENTRY).putInt(j, s);
                columns.of(GenerateField.JOB_BLOCK)
                        .putLong(j, jobs[j].silence() ? 0 : block.device() + 4L * s * Vocoder.BLOCK_MELS);
                columns.of(GenerateField.JOB_SAMPLES).putLong(j, at(samples.device(), s));
                speak(jobs[j]);
            }
            device.run(List.of(VocoderLaunches.of(
                    columns.launches(device),
                    deviceTables.device(),
                    mean.device(),
                    deviation.device(),
                    STATE,
                    sessions)));
            device.assertSameBits("samples", expected.host(), samples.host(), (int) (samples.bytes() / 4));
            device.assertSameBits("states", expectedStates.host(), states.host(), (int) (states.bytes() / 4));
        }

        private void speak(final Job job) {
            for (int i = 0; i < Vocoder.BLOCK_MELS; i++) {
                final int mel = i % Vocoder.MELS;
                final float value =
                        block.getFloat((long) job.session() * Vocoder.BLOCK_MELS + i) * deviation.getFloat(mel)
                                + mean.getFloat(mel);
                logMel.putFloat(i, job.silence() ? Vocoder.LOG_FLOOR : value);
            }
            final long state = expectedStates.host() + (long) job.session() * STRIDE + STATE;
            final long aligned = scratch.host() + Vocoder.ALIGNMENT - 1 & -Vocoder.ALIGNMENT;
            for (int i = 0; i < (job.silence() ? Vocoder.FLUSH_BLOCKS : 1); i++) {
                final long out = at(expected.host(), job.session()) + 4L * i * Vocoder.BLOCK_SAMPLES;
                reference.block(state, logMel.host(), out, aligned);
                for (int n = 0; n < Vocoder.BLOCK_SAMPLES; n++) {
                    loudest = Math.max(loudest, Math.abs(OffHeap.getFloat(out + 4L * n)));
                }
            }
        }

        float loudest() {
            return loudest;
        }

        @Override
        public void close() {
            device.close();
            arena.close();
        }
    }
}
