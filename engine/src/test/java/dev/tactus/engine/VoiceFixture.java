package dev.tactus.engine;

import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.engine.model.VoiceWeights;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.kernel.vocoder.VocoderReference;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A random model that speaks, and what a session of it says, computed without the engine's tick. */
final class VoiceFixture implements AutoCloseable {
    static final int BLOCK = Vocoder.BLOCK_MELS;
    private static final long SEED = 20_261_122L;
    private static final long PARAMETERS = 1_000_000;

    final MemoryLedger ledger = new MemoryLedger();
    final LoadedModel model;
    final InteractionConfig ids;

    /** Writes the model into a directory below {@code parent}, unless it is there, and opens it. */
    VoiceFixture(final Path parent) throws IOException {
        final Path directory = parent.resolve("speaking");
        if (!Files.exists(directory)) {
            RandomModel.write(directory, PARAMETERS, SEED, false, true);
        }
        model = LoadedModel.open(directory, ledger);
        ids = InteractionConfig.resolve(null, model.config());
    }

    EngineContext context(final int sessions) {
        return new EngineContext()
                .model(model)
                .maxSessions(sessions)
                .threads(2)
                .threadingMode(ThreadingMode.INVOKER)
                .admission(false)
                .pacing(Pacing.STEPPED)
                .kernels(KernelChoice.AUTO)
                .warmUpNs(0)
                .clock(() -> 1)
                .ledger(ledger);
    }

    /** What every tick of a session held to this puts out: says a text of one token, and speaks. */
    int[] script() {
        return new int[] {ids.speakTokenId(), 100, ids.sayTokenId()};
    }

    @Override
    public void close() {
        model.close();
        if (ledger.liveBytes() != 0) {
            throw new AssertionError("leaked:\n" + ledger);
        }
    }

    /** The speech of every tick of a session, bit for bit. */
    static final class Speech implements SessionHandler {
        final List<String> ticks = new ArrayList<>();
        final List<int[]> samples = new ArrayList<>();

        @Override
        public void onTick(final TickEvent event) {
            final StringBuilder line = new StringBuilder().append(event.tick()).append(':');
            for (int i = 0; i < event.tokens(); i++) {
                line.append(' ').append(event.tokenId(i));
            }
            final int[] bits = new int[event.speechSamples()];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = Float.floatToRawIntBits(event.speech().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i));
            }
            samples.add(bits);
            ticks.add(line.append(' ')
                    .append(bits.length)
                    .append(' ')
                    .append(Arrays.hashCode(bits))
                    .toString());
        }
    }

    /**
     * What a session without inputs says that is held to {@link #script()}, in ticks that speak or are quiet: teacher
     * forcing, flow head and vocoder, one after the other in plain Java.
     */
    List<int[]> expected(final long seed, final boolean... speaks) {
        final VoiceWeights voice = model.weights().voice().orElseThrow();
        final KernelSet kernels = new ReferenceKernels();
        final List<int[]> result = new ArrayList<>();
        try (FreezableArena arena = new FreezableArena(ledger)) {
            final Chain chain = new Chain(voice, kernels, arena, speaks.length * 4);
            boolean before = false;
            for (int tick = 0; tick < speaks.length; tick++) {
                chain.ids.add(ids.tickTokenId());
                if (speaks[tick]) {
                    for (final int id : script()) {
                        chain.ids.add(id);
                    }
                    result.add(chain.say(seed, tick));
                } else {
                    result.add(before ? chain.flush() : new int[0]);
                    chain.ids.add(ids.quietTokenId());
                }
                before = speaks[tick];
            }
        }
        return result;
    }

    /** The sequence so far, its blocks and the vocoder. */
    private final class Chain {
        private final List<Integer> ids = new ArrayList<>();
        private final VoiceWeights voice;
        private final KernelSet kernels;
        private final Vocoder vocoder = new VocoderReference(model.tables().vocoder());
        private final long blocks;
        private final long condition;
        private final long flowScratch;
        private final long state;
        private final long logMel;
        private final long samples;
        private final long scratch;
        private int made;

        Chain(final VoiceWeights voice, final KernelSet kernels, final FreezableArena arena, final int most) {
            this.voice = voice;
            this.kernels = kernels;
            blocks = memory(arena, (long) most * BLOCK * 4);
            condition = memory(arena, voice.shape().hidden() * 4L);
            flowScratch = memory(arena, kernels.flowScratchBytes(voice.shape()));
            state = memory(arena, Vocoder.STATE_FLOATS * 4L);
            logMel = memory(arena, BLOCK * 4L);
            samples = memory(arena, Vocoder.BLOCK_SAMPLES * 4L);
            scratch = memory(arena, Vocoder.SCRATCH_FLOATS * 4L);
            Vocoder.reset(state);
        }

        private long memory(final FreezableArena arena, final long bytes) {
            return arena.allocate(MemoryTag.TEST, bytes, 64).address();
        }

        private int[] say(final long seed, final int tick) {
            final int[] bits = new int[4 * Vocoder.BLOCK_SAMPLES];
            for (int i = 0; i < 4; i++) {
                final long block = blocks + (long) made * BLOCK * 4;
                ids.add(TeacherForcing.Sequence.SPEECH);
                made++;
                condition();
                Philox.normals(seed, tick, script().length + i, Philox.Purpose.FLOW, block, BLOCK);
                kernels.flow(voice.flow(), condition, block, 1, flowScratch);
                for (int e = 0; e < BLOCK; e++) {
                    final float deviation = at(voice.melStd().address(), e % 80);
                    OffHeap.putFloat(
                            logMel + e * 4L,
                            at(block, e) * deviation + at(voice.melMean().address(), e % 80));
                }
                sound(bits, i);
            }
            return bits;
        }

        private float at(final long address, final int i) {
            return OffHeap.getFloat(address + i * 4L);
        }

        /** What the flow head is told about the last block. */
        private void condition() {
            final int[] all = ids.stream().mapToInt(Integer::intValue).toArray();
            final TeacherForcing.Sequence sequence =
                    TeacherForcing.Sequence.ofText(all).withSpeech(blocks, made);
            try (TeacherForcing forcing = new TeacherForcing(
                    model, CpuKernels.exact(kernels), 1, all.length, all.length, 0, Thread::new, ledger)) {
                forcing.run(
                        new TeacherForcing.Sequence[] {sequence},
                        all.length,
                        (number, position, address) -> {},
                        (number, block, address) ->
                                OffHeap.copy(address, condition, voice.shape().hidden() * 4L));
            }
        }

        private int[] flush() {
            final int[] bits = new int[2 * Vocoder.BLOCK_SAMPLES];
            for (int i = 0; i < 2; i++) {
                for (int e = 0; e < BLOCK; e++) {
                    OffHeap.putFloat(logMel + e * 4L, Vocoder.LOG_FLOOR);
                }
                sound(bits, i);
            }
            return bits;
        }

        private void sound(final int[] bits, final int block) {
            vocoder.block(state, logMel, samples, scratch);
            for (int n = 0; n < Vocoder.BLOCK_SAMPLES; n++) {
                bits[block * Vocoder.BLOCK_SAMPLES + n] = OffHeap.getInt(samples + n * 4L);
            }
        }
    }
}
