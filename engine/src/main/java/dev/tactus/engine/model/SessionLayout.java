package dev.tactus.engine.model;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.KvRingLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one session keeps between ticks, in bytes known when the engine starts: carries of the short convolutions, if it
 * speaks its last two blocks and the state of its vocoder, and pages of keys and values for local and for global
 * layers.
 *
 * <pre>
 *   state:  layer 0 [ key carry | value carry | attention carry | MLP carry ] layer 1 [ … ] …
 *           [ two blocks | vocoder ]
 *   page:   256 positions of every layer of its kind, one layer after the other
 * </pre>
 *
 * @param layers offsets per layer
 * @param stateBytes bytes of all carries, and of what speaking takes
 * @param blocks bytes from the state to the last two blocks of speech; -1 when the model does not speak
 * @param vocoder likewise to the state of the vocoder
 * @param local ring of the local layers
 * @param global sinks and ring of the global layers
 * @param localPageBytes bytes of a local page; 0 when the model has no local layer
 * @param globalPageBytes bytes of a global page; 0 when it has no global layer
 */
public record SessionLayout(
        List<LayerState> layers,
        long stateBytes,
        long blocks,
        long vocoder,
        KvRingLayout local,
        KvRingLayout global,
        long localPageBytes,
        long globalPageBytes) {
    private static final long LINE = 64;

    /**
     * Where one layer keeps its state.
     *
     * @param shape of its attention, with the offset into its pages
     * @param keyCarry bytes from the session's state
     * @param valueCarry bytes from the session's state
     * @param attentionCarry bytes from the session's state
     * @param mlpCarry bytes from the session's state
     */
    public record LayerState(
            AttentionShape shape, long keyCarry, long valueCarry, long attentionCarry, long mlpCarry) {}

    /** Makes the list unmodifiable. */
    public SessionLayout {
        layers = List.copyOf(layers);
    }

    /**
     * The layout of a model's sessions.
     *
     * @param text the transformer
     * @param globalWindow positions that global layers see
     * @param sinkPositions first positions that they never lose
     * @param maxRows most rows of one session in one pass
     */
    public static SessionLayout of(
            final TextConfig text, final long globalWindow, final int sinkPositions, final int maxRows) {
        final KvRingLayout local = KvRingLayout.of(text.window(), 0, maxRows);
        final KvRingLayout global = KvRingLayout.of(globalWindow, sinkPositions, maxRows);
        final List<LayerState> states = new ArrayList<>();
        long state = 0;
        long localBytes = 0;
        long globalBytes = 0;
        for (final LayerConfig layer : text.layers()) {
            final long keyCarry = (long) (text.convTaps() - 1) * layer.keyWidth() * Float.BYTES;
            final long blockCarry = (long) (text.convTaps() - 1) * text.hidden() * Float.BYTES;
            final AttentionShape shape =
                    shape(text, layer, layer.local() ? local : global, layer.local() ? localBytes : globalBytes);
            states.add(new LayerState(
                    shape, state, state + keyCarry, state + 2 * keyCarry, state + 2 * keyCarry + blockCarry));
            state += 2 * (keyCarry + blockCarry);
            final long layerBytes = AttentionShape.layerBytes(layer.kvHeads(), layer.headDim());
            localBytes += layer.local() ? layerBytes : 0;
            globalBytes += layer.local() ? 0 : layerBytes;
        }
        return new SessionLayout(states, state, -1, -1, local, global, localBytes, globalBytes);
    }

    /** This layout for a model with that voice; as it is where there is none. */
    public SessionLayout withVoice(final Optional<VoiceWeights> voice) {
        if (voice.isEmpty()) {
            return this;
        }
        final long first = align(stateBytes);
        final long second = first + align(2L * voice.get().config().blockElements() * Float.BYTES);
        final long end = second + align((long) Vocoder.STATE_FLOATS * Float.BYTES);
        return new SessionLayout(layers, end, first, second, local, global, localPageBytes, globalPageBytes);
    }

    private static long align(final long bytes) {
        return (bytes + LINE - 1) & -LINE;
    }

    private static AttentionShape shape(
            final TextConfig text, final LayerConfig layer, final KvRingLayout ring, final long offset) {
        return new AttentionShape(
                layer.heads(),
                layer.kvHeads(),
                layer.headDim(),
                text.dRel(),
                layer.extent(),
                ring.window(),
                ring.sinkPositions(),
                ring.sinkPages(),
                ring.ringPages(),
                offset);
    }

    /** Local pages per session. */
    public int localPages() {
        return localPageBytes == 0 ? 0 : local.pages();
    }

    /** Global pages per session. */
    public int globalPages() {
        return globalPageBytes == 0 ? 0 : global.pages();
    }

    /** Everything a session keeps, in bytes: a constant. */
    public long bytesPerSession() {
        return stateBytes + localPages() * localPageBytes + globalPages() * globalPageBytes;
    }
}
