package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.tuning.Parameter;
import dev.tactus.engine.tuning.Parameters;
import dev.tactus.kernel.Philox;
import dev.tactus.memory.OffHeap;
import java.util.function.Consumer;

/**
 * The weights a new model starts from: those that our small models learned from.
 *
 * <pre>
 *   matrices                       N(0, 1 / inputs)
 *   output and down projections    the same, divided by √(2 · layers)
 *   query and key norms            2.4, as scores are divided by D, not by √D
 *   short convolutions, biases     0
 *   bank of relative biases        0.1 · N(0, 1)
 *   unembedding                    0.3 / √d · N(0, 1)
 *   embedding                      N(0, 1)
 *   the voice's velocity           0.1 / √inputs · N(0, 1)
 *   statistics of its log mel      mean 0, deviation 1; {@link VoiceStatistics} knows better
 *   dMel table                     linear in the level, plus noise: near levels lie near each other
 *   other norms, scales            1
 * </pre>
 *
 * Every tensor has draws of its own, so its values depend on the seed, its place and its shape alone.
 */
public record InitialWeights(long seed) implements Consumer<Parameters> {
    private static final int PURPOSE = 0x494E4954;
    private static final int SIGNS = 0x5349474E;
    private static final int CHUNK = 1 << 20;

    @Override
    public void accept(final Parameters parameters) {
        int number = 0;
        for (final Parameter parameter : parameters.all()) {
            fill(parameters, parameter, number++);
        }
    }

    private void fill(final Parameters parameters, final Parameter parameter, final int number) {
        final String name = parameter.name();
        if (name.endsWith("audio.encoder.weight")) {
            drawNormals(parameter, number, 1);
            spreadLevels(parameters, parameter, number);
        } else if (name.endsWith("sconv.weight") || name.endsWith(".bias") || name.equals(VoiceTensors.MEL_MEAN)) {
            fill(parameter, 0);
        } else if (name.endsWith("q_norm.weight") || name.endsWith("k_norm.weight")) {
            fill(parameter, 2.4f);
        } else if (isOne(name)) {
            fill(parameter, 1);
        } else {
            drawNormals(parameter, number, deviation(parameters, parameter));
        }
    }

    private static boolean isOne(final String name) {
        return name.endsWith("norm.weight")
                || name.contains("norm_")
                || name.endsWith("global_scale")
                || name.equals(VoiceTensors.MEL_STD);
    }

    private static double deviation(final Parameters parameters, final Parameter parameter) {
        final String name = parameter.name();
        final long[] shape = parameter.shape();
        final double root = Math.sqrt(shape[shape.length - 1]);
        if (name.endsWith("llm.embed.weight")) {
            return 1;
        }
        if (name.endsWith("rel_logits_proj.proj")) {
            return 0.1;
        }
        if (name.endsWith("llm.unembed.weight")) {
            return 0.3 / root;
        }
        if (name.equals(VoiceTensors.PREFIX + "flow.out.weight")) {
            return 0.1 / root;
        }
        final boolean residual =
                name.endsWith("wo_ud.weight") || name.endsWith("w2_md.weight") || name.endsWith("w2_weight");
        final int layers = parameters.config().text().layers().size();
        return residual ? 1 / (root * Math.sqrt(2.0 * layers)) : 1 / root;
    }

    private static void fill(final Parameter parameter, final float value) {
        for (long i = 0; i < parameter.elements(); i++) {
            OffHeap.putFloat(parameter.value() + i * Float.BYTES, value);
        }
    }

    private void drawNormals(final Parameter parameter, final int number, final double deviation) {
        for (long from = 0; from < parameter.elements(); from += CHUNK) {
            final int count = (int) Math.min(CHUNK, parameter.elements() - from);
            final long at = parameter.value() + from * Float.BYTES;
            Philox.normals(seed, (int) (from / CHUNK), number, PURPOSE, at, count);
            for (int i = 0; i < count; i++) {
                final long place = at + (long) i * Float.BYTES;
                OffHeap.putFloat(place, (float) (OffHeap.getFloat(place) * deviation));
            }
        }
    }

    /** Row m · levels + l of noise becomes a random direction of band m times the level, and a tenth of the noise. */
    private void spreadLevels(final Parameters parameters, final Parameter parameter, final int number) {
        final int levels = parameters.config().audio().levels();
        final long width = parameter.shape()[1];
        final double scale = 1 / Math.sqrt(parameters.config().audio().mels());
        for (long i = 0; i < parameter.elements(); i++) {
            final long row = i / width;
            final double level = (row % levels) / Math.max(1.0, levels - 1.0) * 2 - 1;
            final int word = Philox.word(seed, (int) (row / levels), number, (int) (i % width), SIGNS, 0);
            final double sign = word < 0 ? -1 : 1;
            final long place = parameter.value() + i * Float.BYTES;
            OffHeap.putFloat(place, (float) ((sign * level + 0.1 * OffHeap.getFloat(place)) * scale));
        }
    }
}
