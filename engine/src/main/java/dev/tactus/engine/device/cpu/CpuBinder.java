package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.Adapted;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.OpVisitor;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.AdapterFactors;

/** Binds the ops of a program to the addresses of its buffers. */
final class CpuBinder implements OpVisitor<CpuOp> {
    private final long[] addresses;
    private final StepProgram program;
    private final AdapterFactors factors;
    private final long sums;

    /**
     * For a program.
     *
     * @param factors what adapters have; null without any
     * @param sums bytes from a worker's scratch to {@link AdapterOps#SCRATCH_BYTES} of it
     */
    CpuBinder(final long[] addresses, final StepProgram program, final AdapterFactors factors, final long sums) {
        this.addresses = addresses;
        this.program = program;
        this.factors = factors;
        this.sums = sums;
    }

    private AdapterOps.Sum sum(final Adapted adapted) {
        return new AdapterOps.Sum(factors, adapted, at(adapted.t()), sums);
    }

    private long at(final int buffer) {
        return buffer < 0 ? 0 : addresses[buffer];
    }

    private int columns(final int buffer) {
        return program.buffers().get(buffer).columns();
    }

    @Override
    public CpuOp melFold(final Op.MelFold op) {
        return new MelOps.Fold(op.hann(), at(op.even()), at(op.odd()));
    }

    @Override
    public CpuOp melMagnitude(final Op.MelMagnitude op) {
        return new MelOps.Magnitude(at(op.re()), at(op.im()), at(op.magnitude()), op.columns());
    }

    @Override
    public CpuOp melBin(final Op.MelBin op) {
        return new MelOps.Bin(at(op.mel()), op.thresholds(), op.thresholdCount(), at(op.bins()), op.mels());
    }

    @Override
    public CpuOp patchPixels(final Op.PatchPixels op) {
        return new VisionOps.Pixels(op.patch(), op.frameWidth(), op.table(), at(op.pixels()), columns(op.pixels()));
    }

    @Override
    public CpuOp fold(final Op.Fold op) {
        return new VisionOps.Fold(op, at(op.x()), at(op.y()), columns(op.x()));
    }

    @Override
    public CpuOp linear(final Op.Linear op) {
        return new BlockOps.Linear(
                op.space(),
                at(op.x()),
                op.w(),
                at(op.y()),
                columns(op.y()) / op.perRow(),
                op.perRow(),
                sum(op.adapted()));
    }

    @Override
    public CpuOp rmsNorm(final Op.RmsNorm op) {
        return new BlockOps.RmsNorm(op.space(), at(op.x()), op.w(), at(op.y()), op.d(), op.perRow(), op.eps());
    }

    @Override
    public CpuOp gelu(final Op.Gelu op) {
        return new VisionOps.Gelu(op.space(), at(op.x()), op.columns());
    }

    @Override
    public CpuOp audioBag(final Op.AudioBag op) {
        return new MelOps.Bag(at(op.bins()), op.table(), op.mels(), op.binsPerMel(), at(op.y()), columns(op.y()));
    }

    @Override
    public CpuOp embed(final Op.Embed op) {
        return new BlockOps.Embed(
                op.table(), op.norm(), op.eps(), at(op.audio()), at(op.vision()), at(op.speech()), at(op.y()));
    }

    @Override
    public CpuOp keyValue(final Op.KeyValue op) {
        return new AttentionOps.KeyValue(op, at(op.k()), at(op.v()), at(op.kOut()), at(op.vOut()));
    }

    @Override
    public CpuOp attention(final Op.Attention op) {
        return new AttentionOps.Attend(op.shape(), op.local(), at(op.q()), at(op.r()), op.proj(), at(op.y()));
    }

    @Override
    public CpuOp linearConv(final Op.LinearConv op) {
        final BlockOps.Residual residual = new BlockOps.Residual(
                at(op.h()), at(op.residual()), columns(op.h()), op.conv(), op.kernel(), op.carry());
        return new BlockOps.LinearConv(at(op.x()), op.w(), op.scaled(), op.scale(), residual, sum(op.adapted()));
    }

    @Override
    public CpuOp linearSwiglu(final Op.LinearSwiglu op) {
        return new BlockOps.LinearSwiglu(
                at(op.x()), op.w(), at(op.gateUp()), at(op.y()), columns(op.y()), sum(op.adapted()));
    }

    @Override
    public CpuOp route(final Op.Route op) {
        return new ExpertOps.Route(op, at(op.z()), at(op.experts()), at(op.weights()));
    }

    @Override
    public CpuOp expertsUp(final Op.ExpertsUp op) {
        return new ExpertOps.Up(
                op, at(op.x()), at(op.experts()), at(op.weights()), at(op.gateUp()), at(op.y()), sum(op.adapted()));
    }

    @Override
    public CpuOp expertsDownConv(final Op.ExpertsDownConv op) {
        final BlockOps.Residual residual = new BlockOps.Residual(
                at(op.h()), at(op.residual()), columns(op.h()), op.conv(), op.kernel(), op.carry());
        return new ExpertOps.DownConv(
                op, at(op.x()), at(op.experts()), at(op.weights()), at(op.down()), residual, sum(op.adapted()));
    }

    @Override
    public CpuOp outputNorm(final Op.OutputNorm op) {
        return new BlockOps.OutputNorm(
                op.gathered(), at(op.x()), op.w(), op.eps(), op.divisor(), at(op.y()), columns(op.x()));
    }

    @Override
    public CpuOp speechBlocks(final Op.SpeechBlocks op) {
        return new SpeechOps.Blocks(at(op.y()), columns(op.y()));
    }

    @Override
    public CpuOp flow(final Op.Flow op) {
        return new SpeechOps.Flow(op.shape(), op.head(), at(op.condition()), at(op.blocks()));
    }

    @Override
    public CpuOp vocode(final Op.Vocode op) {
        return new SpeechOps.Vocode(op.tables(), op.mean(), op.deviation(), op.state());
    }

    @Override
    public CpuOp sample(final Op.Sample op) {
        return new SampleOp(at(op.logits()), op.vocabulary(), at(op.tokens()));
    }

    @Override
    public CpuOp adapterDown(final Op.AdapterDown op) {
        final long numbers = op.experts() == null ? 0 : at(op.experts().numbers());
        return new AdapterOps.Down(
                op, factors, at(op.x()), numbers, at(op.adapted().t()));
    }
}
