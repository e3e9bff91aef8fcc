package dev.tactus.engine.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The initial values of a tensor, by its name.
 *
 * <p>Matrices N(0, 1/fan_in), output and down projections further divided by √(2·layers), query and key norms 2.4
 * (scores are divided by D, not √D), short convolutions 0, the bias bank 0.1·N(0, 1), the unembedding 0.3/√d, the
 * embedding N(0, 1), the dMel table linear in the level plus noise. A head that speaks: second matrices of its layers
 * further divided by √(2·layers), and a mean and deviation of the log mel that speech could have.
 */
final class RandomWeights {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final ModelConfig config;

    /** Values for a model of {@code config}. */
    RandomWeights(final ModelConfig config) {
        this.config = config;
    }

    /** The type a tensor is stored in: F32 for convolutions, scales, the router and mel statistics, else BF16. */
    static DType dtype(final TensorSpec spec) {
        final boolean wide = spec.use() == TensorSpec.Use.CONV
                || spec.use() == TensorSpec.Use.SCALAR
                || spec.name().contains(".mlp.gate.")
                || isMelStatistic(spec.name());
        return wide ? DType.F32 : DType.BF16;
    }

    private static boolean isMelStatistic(final String name) {
        return name.equals(VoiceTensors.MEL_MEAN) || name.equals(VoiceTensors.MEL_STD);
    }

    /**
     * Fills {@code target} with the values of {@code spec} from element {@code first} on.
     *
     * @param seed of this tensor; the same for all its pieces
     * @param random of this tensor, as the pieces before left it
     * @param target aligned to the element type {@link #dtype}; whole elements
     */
    void fill(
            final TensorSpec spec,
            final long first,
            final long seed,
            final NormalStream random,
            final MemorySegment target) {
        final String name = spec.name();
        if (name.endsWith("audio.encoder.weight")) {
            fillMels(spec.shape()[1], first, seed, random, target);
        } else if (spec.use() == TensorSpec.Use.CONV || name.endsWith(".bias")) {
            target.fill((byte) 0);
        } else if (name.endsWith("q_norm.weight") || name.endsWith("k_norm.weight")) {
            fillConstant(dtype(spec), 2.4f, target);
        } else if (name.endsWith("rel_logits_proj.proj")) {
            fillNormal(dtype(spec), 0.1, random, target);
        } else if (isMelStatistic(name)) {
            fillConstant(dtype(spec), name.equals(VoiceTensors.MEL_MEAN) ? -6 : 3, target);
        } else if (spec.use() == TensorSpec.Use.TABLE || spec.use() == TensorSpec.Use.SCALAR) {
            fillConstant(dtype(spec), 1, target);
        } else {
            fillNormal(dtype(spec), deviation(spec), random, target);
        }
    }

    private double deviation(final TensorSpec spec) {
        final String name = spec.name();
        final long[] shape = spec.shape();
        final double fanIn = Math.sqrt(shape[shape.length - 1]);
        if (name.endsWith("llm.embed.weight")) {
            return 1;
        }
        if (name.endsWith("llm.unembed.weight")) {
            return 0.3 / fanIn;
        }
        if (name.startsWith(VoiceTensors.PREFIX) && name.endsWith(".b.weight")) {
            return 1 / (fanIn * Math.sqrt(2.0 * voiceLayers()));
        }
        final boolean residual =
                name.endsWith("wo_ud.weight") || name.endsWith("w2_md.weight") || name.endsWith("w2_weight");
        return residual ? 1 / (fanIn * Math.sqrt(2.0 * config.text().layers().size())) : 1 / fanIn;
    }

    private int voiceLayers() {
        return config.interaction()
                .flatMap(InteractionConfig::audioOut)
                .map(AudioOutConfig::flowLayers)
                .orElse(1);
    }

    /** Row m·levels + l: a random direction of band m times the level, and noise: near levels lie near each other. */
    private void fillMels(
            final long d, final long first, final long seed, final NormalStream random, final MemorySegment target) {
        final int levels = config.audio().levels();
        final double scale = 1 / Math.sqrt(config.audio().mels());
        final long count = target.byteSize() / Short.BYTES;
        for (long i = 0; i < count; i++) {
            final long row = (first + i) / d;
            final double level = (row % levels) / (levels - 1.0) * 2 - 1;
            final long sign = mixed(seed + row / levels * d + (first + i) % d) >>> 63;
            final double value = ((sign * 2 - 1) * level + 0.1 * random.next()) * scale;
            target.set(SHORT, i * Short.BYTES, DType.bfloat16((float) value));
        }
    }

    private static void fillConstant(final DType dtype, final float value, final MemorySegment target) {
        for (long at = 0; at < target.byteSize(); at += dtype.bytes()) {
            put(dtype, target, at, value);
        }
    }

    private static void fillNormal(
            final DType dtype, final double deviation, final NormalStream random, final MemorySegment target) {
        for (long at = 0; at < target.byteSize(); at += dtype.bytes()) {
            put(dtype, target, at, (float) (random.next() * deviation));
        }
    }

    private static void put(final DType dtype, final MemorySegment target, final long at, final float value) {
        if (dtype == DType.F32) {
            target.set(FLOAT, at, value);
        } else {
            target.set(SHORT, at, DType.bfloat16(value));
        }
    }

    /** A bijection that spreads the bits of {@code z}; after Stafford's variant 13 of the MurmurHash3 finaliser. */
    private static long mixed(final long z) {
        final long a = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        final long b = (a ^ a >>> 27) * 0x94D049BB133111EBL;
        return b ^ b >>> 31;
    }
}
