package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Adapted;
import dev.tactus.engine.model.Experts;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.OpVisitor;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.AdapterFactors;
import dev.tactus.kernel.c.NativeProgram;
import dev.tactus.kernel.c.NativeProgramBuilder;
import dev.tactus.kernel.c.NativeProgramBuilder.ExpertGroup;
import dev.tactus.kernel.c.NativeProgramBuilder.ExpertNumbers;
import dev.tactus.kernel.c.NativeProgramBuilder.Residual;
import dev.tactus.kernel.c.Region;
import dev.tactus.kernel.c.RowSpaces;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.FreezableArena;

/** Writes the ops of a program, bound to the addresses of its buffers, for the C interpreter. */
final class NativeBinder implements OpVisitor<Void> {
    private static final int WINDOW_SAMPLES = 1600;
    private static final int PIXEL_TABLE = 3 * 256;

    private final Region[] regions;
    private final StepProgram program;
    private final FastMatrices matrices;
    private final NativeProgramBuilder builder;

    private NativeBinder(
            final FreezableArena arena,
            final StepProgram program,
            final AdapterFactors factors,
            final long[] addresses,
            final CpuMemory.Rows rows,
            final CpuKernels kernels,
            final QuantizedCache cache) {
        this.program = program;
        this.regions = new Region[addresses.length];
        for (int i = 0; i < regions.length; i++) {
            final int columns = program.buffers().get(i).columns();
            final long elements =
                    (long) columns * rows.of(program.buffers().get(i).space());
            regions[i] = new Region(addresses[i], elements * Float.BYTES);
        }
        this.matrices = new FastMatrices(arena, program, kernels.numerics(), cache);
        this.builder = new NativeProgramBuilder(arena, kernels.isa(), kernels.numerics(), limits(program, rows));
        if (factors != null) {
            builder.adapters(factors);
        }
    }

    /**
     * The program for C.
     *
     * @param factors what adapters have; null without any
     * @param addresses of the buffers, by number
     * @param cache of quantised weights; null for none
     */
    static NativeProgram bind(
            final FreezableArena arena,
            final StepProgram program,
            final AdapterFactors factors,
            final long[] addresses,
            final CpuMemory.Rows rows,
            final CpuKernels kernels,
            final int workers,
            final QuantizedCache cache) {
        final NativeBinder binder = new NativeBinder(arena, program, factors, addresses, rows, kernels, cache);
        for (int i = 0; i < program.ops().size(); i++) {
            if (i == program.preprocessOps()) {
                binder.builder.endPreprocess();
            }
            binder.builder.barrier(program.barrierBefore(i, false), program.barrierBefore(i, true));
            program.ops().get(i).accept(binder);
        }
        return binder.builder.build(workers);
    }

    /** A model that does not hear has no audio sources, whatever there is room for; likewise the others. */
    private static RowSpaces limits(final StepProgram program, final CpuMemory.Rows rows) {
        int audio = 0;
        int patch = 0;
        int voice = 0;
        for (final Op op : program.ops()) {
            if (op instanceof Op.Embed embed) {
                audio = embed.audio() < 0 ? 0 : rows.audio();
                patch = embed.vision() < 0 ? 0 : rows.patch();
                voice = embed.speech() < 0 ? 0 : rows.voice();
            }
        }
        return new RowSpaces(rows.pass(), rows.output(), audio, patch, voice, voice, rows.sessions());
    }

    private Region at(final int buffer) {
        return buffer < 0 ? Region.NONE : regions[buffer];
    }

    private int columns(final int buffer) {
        return program.buffers().get(buffer).columns();
    }

    private NativeProgramBuilder.Adapted adapted(final Adapted adapted) {
        return adapted.isNone()
                ? NativeProgramBuilder.Adapted.NONE
                : new NativeProgramBuilder.Adapted(adapted.module(), adapted.shared(), at(adapted.t()));
    }

    private static Region floats(final long address, final long count) {
        return new Region(address, count * Float.BYTES);
    }

    private static int space(final RowSpace space) {
        return switch (space) {
            case PASS -> RowSpaces.PASS;
            case OUTPUT -> RowSpaces.OUTPUT;
            case AUDIO -> RowSpaces.AUDIO;
            case PATCH -> RowSpaces.PATCH;
            case SPEECH -> RowSpaces.SPEECH;
            case VOICE -> RowSpaces.VOICE;
        };
    }

    @Override
    public Void melFold(final Op.MelFold op) {
        builder.melFold(floats(op.hann(), WINDOW_SAMPLES), at(op.even()), at(op.odd()));
        return null;
    }

    @Override
    public Void melMagnitude(final Op.MelMagnitude op) {
        builder.melMagnitude(at(op.re()), at(op.im()), at(op.magnitude()), op.columns());
        return null;
    }

    @Override
    public Void melBin(final Op.MelBin op) {
        builder.melBin(
                at(op.mel()),
                floats(op.thresholds(), op.thresholdCount()),
                op.thresholdCount(),
                at(op.bins()),
                op.mels());
        return null;
    }

    @Override
    public Void patchPixels(final Op.PatchPixels op) {
        builder.patchPixels(
                op.patch(), op.frameWidth(), floats(op.table(), PIXEL_TABLE), at(op.pixels()), columns(op.pixels()));
        return null;
    }

    @Override
    public Void fold(final Op.Fold op) {
        builder.fold(at(op.x()), op.t(), op.h(), op.w(), op.c(), op.ft(), op.fh(), op.fw(), at(op.y()));
        return null;
    }

    @Override
    public Void linear(final Op.Linear op) {
        builder.linear(
                space(op.space()),
                at(op.x()),
                op.exact() ? FastMatrices.exact(op.w()) : matrices.of(op.w()),
                at(op.y()),
                columns(op.y()) / op.perRow(),
                op.perRow(),
                adapted(op.adapted()));
        return null;
    }

    @Override
    public Void rmsNorm(final Op.RmsNorm op) {
        builder.rmsNorm(space(op.space()), at(op.x()), op.w(), at(op.y()), op.d(), op.perRow(), op.eps());
        return null;
    }

    @Override
    public Void gelu(final Op.Gelu op) {
        builder.gelu(space(op.space()), at(op.x()), op.columns());
        return null;
    }

    @Override
    public Void audioBag(final Op.AudioBag op) {
        builder.audioBag(
                at(op.bins()),
                op.table().type(),
                new Region(op.table().address(), op.table().bytes()),
                op.mels(),
                op.binsPerMel(),
                at(op.y()),
                columns(op.y()));
        return null;
    }

    @Override
    public Void embed(final Op.Embed op) {
        builder.embed(
                op.table().type(),
                new Region(op.table().address(), op.table().bytes()),
                op.table().rows(),
                op.norm(),
                op.eps(),
                at(op.audio()),
                at(op.vision()),
                at(op.speech()),
                at(op.y()),
                op.table().cols());
        return null;
    }

    @Override
    public Void keyValue(final Op.KeyValue op) {
        builder.keyValue(
                op.shape(),
                op.local(),
                at(op.k()),
                at(op.v()),
                at(op.kOut()),
                at(op.vOut()),
                op.keyConv(),
                op.valueConv(),
                op.kernel(),
                op.keyCarry(),
                op.valueCarry(),
                op.keyNorm(),
                op.eps());
        return null;
    }

    @Override
    public Void attention(final Op.Attention op) {
        builder.attention(op.shape(), op.local(), at(op.q()), at(op.r()), op.proj(), at(op.y()));
        return null;
    }

    @Override
    public Void linearConv(final Op.LinearConv op) {
        final Residual residual =
                new Residual(at(op.h()), at(op.residual()), columns(op.h()), op.conv(), op.kernel(), op.carry());
        builder.linearConv(at(op.x()), matrices.of(op.w()), op.scaled(), op.scale(), residual, adapted(op.adapted()));
        return null;
    }

    @Override
    public Void linearSwiglu(final Op.LinearSwiglu op) {
        builder.linearSwiglu(
                at(op.x()), matrices.of(op.w()), at(op.gateUp()), at(op.y()), columns(op.y()), adapted(op.adapted()));
        return null;
    }

    @Override
    public Void route(final Op.Route op) {
        builder.route(
                at(op.z()),
                op.bias(),
                op.routed(),
                op.shared(),
                op.chosen(),
                op.scale(),
                at(op.experts()),
                at(op.weights()));
        return null;
    }

    @Override
    public Void expertsUp(final Op.ExpertsUp op) {
        final ExpertGroup group = new ExpertGroup(
                at(op.experts()),
                at(op.weights()),
                matrices.of(FastMatrices.up(op.routed())),
                matrices.of(FastMatrices.up(op.shared())),
                op.routed().count(),
                op.shared().count(),
                slots(op.chosen(), op.shared()));
        builder.expertsUp(at(op.x()), group, op.routed().hidden(), at(op.gateUp()), at(op.y()), adapted(op.adapted()));
        return null;
    }

    @Override
    public Void expertsDownConv(final Op.ExpertsDownConv op) {
        final ExpertGroup group = new ExpertGroup(
                at(op.experts()),
                at(op.weights()),
                matrices.of(FastMatrices.down(op.routed())),
                matrices.of(FastMatrices.down(op.shared())),
                op.routed().count(),
                op.shared().count(),
                slots(op.chosen(), op.shared()));
        final Residual residual =
                new Residual(at(op.h()), at(op.residual()), columns(op.h()), op.conv(), op.kernel(), op.carry());
        builder.expertsDownConv(
                at(op.x()), group, op.routed().hidden(), at(op.down()), residual, adapted(op.adapted()));
        return null;
    }

    private static int slots(final int chosen, final Experts shared) {
        return chosen + shared.count();
    }

    @Override
    public Void outputNorm(final Op.OutputNorm op) {
        builder.outputNorm(
                space(op.gathered()), at(op.x()), op.w(), op.eps(), op.divisor(), at(op.y()), columns(op.x()));
        return null;
    }

    @Override
    public Void speechBlocks(final Op.SpeechBlocks op) {
        builder.speechBlocks(at(op.y()), columns(op.y()));
        return null;
    }

    @Override
    public Void flow(final Op.Flow op) {
        builder.flow(op.shape(), op.head(), at(op.condition()), at(op.blocks()));
        return null;
    }

    @Override
    public Void vocode(final Op.Vocode op) {
        builder.vocode(op.tables(), floats(op.mean(), Vocoder.MELS), floats(op.deviation(), Vocoder.MELS), op.state());
        return null;
    }

    @Override
    public Void sample(final Op.Sample op) {
        builder.sample(at(op.logits()), op.vocabulary(), at(op.tokens()));
        return null;
    }

    @Override
    public Void adapterDown(final Op.AdapterDown op) {
        final NativeProgramBuilder.Adapted adapted = adapted(op.adapted());
        final Op.AdapterDown.Choice experts = op.experts();
        if (experts == null) {
            builder.adapterDown(space(op.space()), at(op.x()), op.cols(), adapted);
        } else {
            final ExpertNumbers numbers =
                    new ExpertNumbers(at(experts.numbers()), experts.routed(), experts.shared(), experts.slots());
            builder.adapterDown(at(op.x()), op.cols(), numbers, experts.perSlot(), adapted);
        }
        return null;
    }
}
