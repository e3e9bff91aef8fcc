package dev.tactus.engine.device.cuda;

import dev.tactus.cuda.CudaStream;
import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.Adapted;
import dev.tactus.engine.model.Experts;
import dev.tactus.engine.model.Matrix;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.OpVisitor;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.AudioLaunches;
import dev.tactus.kernel.cuda.CudaAdapters;
import dev.tactus.kernel.cuda.CudaLaunch;
import dev.tactus.kernel.cuda.CudaMatrix;
import dev.tactus.kernel.cuda.CudaResidual;
import dev.tactus.kernel.cuda.CudaRows;
import dev.tactus.kernel.cuda.CudaSegments;
import dev.tactus.kernel.cuda.ExpertLaunches;
import dev.tactus.kernel.cuda.LinearLaunches;
import dev.tactus.kernel.cuda.PassLaunches;
import dev.tactus.kernel.cuda.RowLaunches;
import dev.tactus.kernel.cuda.VisionLaunches;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns the ops of a program into kernel launches over device memory, in the order of a graph. A kernel may serve
 * several ops that follow each other: a method says how many it has bound.
 */
final class GraphBinder implements OpVisitor<Integer> {
    private final Gpu gpu;
    private final StepProgram program;
    private final long[] buffers;
    private final DeviceWeights weights;
    private final PassBlock pass;
    private final DeviceAdapters adapters;
    private final AudioLaunches audio;
    private final VisionLaunches vision;
    private final RowLaunches rows;
    private final LinearLaunches exact;
    private final LinearLaunches linear;
    private final ExpertLaunches experts;
    private final HeadBinder heads;
    private final PassLaunches.Sessions sessions;
    private final int longestColumn;

    private GraphScope scope;
    private List<CudaLaunch> launches;
    private int index;

    /** Binds over memory that is allocated; allocates what kernels work in beside it. */
    GraphBinder(
            final Gpu gpu,
            final DeviceArenas arenas,
            final StepProgram program,
            final SessionLayout layout,
            final long[] buffers,
            final DeviceWeights weights,
            final PassBlock pass,
            final GenerationBlock generation,
            final DeviceAdapters adapters,
            final CpuMemory.Rows most,
            final NumericClass numerics) {
        this.adapters = adapters;
        this.gpu = gpu;
        this.program = program;
        this.buffers = buffers;
        this.weights = weights;
        this.pass = pass;
        audio = new AudioLaunches(gpu.kernels());
        vision = new VisionLaunches(gpu.kernels());
        rows = new RowLaunches(gpu.kernels());
        exact = new LinearLaunches(gpu.kernels());
        linear = new LinearLaunches(gpu.kernels(), numerics);
        experts = new ExpertLaunches(gpu.kernels(), numerics);
        heads = new HeadBinder(gpu, arenas, program, buffers, weights, pass, generation, most);
        sessions = pass.sessions(arenas, layout, most.sessions());
        longestColumn = Math.max(most.pass(), most.sessions() * generation.maxOutputs());
    }

    /** The stream that launches are put into. */
    CudaStream stream() {
        return gpu.stream();
    }

    /** Whether sessions move on by themselves. */
    boolean draws() {
        return heads.draws();
    }

    /** Whether the model speaks, in a pass that draws. */
    boolean speaks() {
        return heads.speaks();
    }

    /** The start of a tick: the plan, what begins with a session, preprocessing. */
    List<CudaLaunch> gather(final GraphScope gather) {
        begin(gather);
        put(PassLaunches.gather(
                gpu.kernels(), pass.counts(), pass.header(), pass.table(), pass.columns(), longestColumn));
        put(PassLaunches.begin(
                gpu.kernels(),
                sessions,
                pass.at(PassColumn.ENTRY),
                pass.at(PassColumn.FIRST_ROW),
                pass.at(PassColumn.POSITION),
                pass.at(PassCount.SEGMENTS),
                gather.most().sessions()));
        put(heads.begin());
        bind(0, program.preprocessOps());
        return launches;
    }

    /** A pass, from the vectors of encoders to the rows of the next one. */
    List<CudaLaunch> pass(final GraphScope ofPass) {
        begin(ofPass);
        bind(program.preprocessOps(), program.ops().size());
        put(heads.advance());
        return launches;
    }

    /** The sound of the last blocks of a tick, and its end. */
    List<CudaLaunch> vocoder(final GraphScope decode) {
        begin(decode);
        for (final Op op : program.ops()) {
            if (op instanceof Op.Vocode vocode) {
                put(heads.vocode(vocode, decode.most().sessions()));
            }
        }
        put(heads.advance());
        return launches;
    }

    private void begin(final GraphScope graph) {
        scope = graph;
        launches = new ArrayList<>();
    }

    private void bind(final int from, final int to) {
        index = from;
        while (index < to) {
            final Op op = program.ops().get(index);
            index += scope.has(op) ? op.accept(this) : 1;
        }
    }

    private void put(final CudaLaunch launch) {
        launches.add(launch);
    }

    private void put(final List<CudaLaunch> several) {
        launches.addAll(several);
    }

    /** The op that follows so many places after the one at work, if it is of that kind; else null. */
    private <T extends Op> T next(final int places, final Class<T> kind) {
        final int at = index + places;
        return at < program.ops().size() && kind.isInstance(program.ops().get(at))
                ? kind.cast(program.ops().get(at))
                : null;
    }

    private long at(final int buffer) {
        return buffer < 0 ? 0 : buffers[buffer];
    }

    private int columns(final int buffer) {
        return program.buffers().get(buffer).columns();
    }

    private CudaRows rows(final RowSpace space) {
        return new CudaRows(pass.rows(space), scope.rows(space));
    }

    private CudaSegments segments() {
        return new CudaSegments(
                pass.at(PassColumn.ENTRY),
                pass.at(PassColumn.FIRST_ROW),
                pass.at(PassColumn.ROWS_OF_SEGMENT),
                new CudaRows(pass.at(PassCount.SEGMENTS), scope.most().sessions()));
    }

    private CudaMatrix matrix(final Matrix matrix) {
        return new CudaMatrix(matrix.type(), weights.at(matrix.address()), matrix.rows(), matrix.cols());
    }

    /** A matrix of a product that the engine's class computes in its own way. */
    private CudaMatrix ofClass(final WeightType type, final long address, final int outputs, final int inputs) {
        return weights.isRounded(address)
                ? new CudaMatrix(WeightType.BF16, weights.rounded(address), outputs, inputs)
                : new CudaMatrix(type, weights.at(address), outputs, inputs);
    }

    private CudaAdapters.Beside beside(final Adapted adapted) {
        return adapted.isNone() ? CudaAdapters.Beside.NONE : new CudaAdapters.Beside(adapted.module(), at(adapted.t()));
    }

    private LinearLaunches.Part part(final CudaMatrix matrix, final int y, final Adapted adapted) {
        return new LinearLaunches.Part(matrix, at(y), beside(adapted));
    }

    private LinearLaunches.Part part(final Matrix matrix, final int y, final Adapted adapted) {
        return part(ofClass(matrix.type(), matrix.address(), matrix.rows(), matrix.cols()), y, adapted);
    }

    private CudaResidual residual(final int x, final long conv, final int taps, final long carry) {
        return new CudaResidual(
                at(x),
                weights.at(conv),
                pass.at(PassColumn.STATE),
                pass.at(PassColumn.ENTRY),
                carry,
                taps,
                scope.singles());
    }

    /** Ends a block whose product did not. */
    private void end(final CudaResidual residual, final int h) {
        if (!residual.fused()) {
            put(rows.residualConv(at(h), residual, columns(h), segments()));
        }
    }

    private static IllegalStateException unknown(final Op op, final String expected) {
        return new IllegalStateException("op " + op.name() + " on CUDA: expected " + expected);
    }

    @Override
    public Integer melFold(final Op.MelFold op) {
        put(audio.melFold(
                pass.at(PassColumn.AUDIO_LEFT),
                pass.at(PassColumn.AUDIO_RIGHT),
                pass.at(PassColumn.AUDIO_BINS),
                weights.at(op.hann()),
                at(op.even()),
                at(op.odd()),
                rows(RowSpace.AUDIO)));
        return 1;
    }

    /** The two halves of a spectrum and its magnitudes, in one launch. */
    private int spectrum(final Op.Linear real, final Op.Linear imaginary, final Op.MelMagnitude magnitude) {
        put(audio.melSpectrum(
                at(real.x()),
                at(imaginary.x()),
                weights.at(real.w().address()),
                weights.at(imaginary.w().address()),
                at(magnitude.magnitude()),
                rows(RowSpace.AUDIO)));
        return 3;
    }

    @Override
    public Integer melMagnitude(final Op.MelMagnitude op) {
        throw unknown(op, "its two products before it");
    }

    private int bins(final Op.Linear filter, final Op.MelBin bin) {
        put(audio.melBins(
                pass.at(PassColumn.AUDIO_BINS),
                at(filter.x()),
                weights.at(filter.w().address()),
                weights.at(bin.thresholds()),
                bin.thresholdCount(),
                at(bin.bins()),
                bin.mels(),
                rows(RowSpace.AUDIO)));
        return 2;
    }

    @Override
    public Integer melBin(final Op.MelBin op) {
        throw unknown(op, "its filters before it");
    }

    @Override
    public Integer patchPixels(final Op.PatchPixels op) {
        put(vision.patchPixels(
                new VisionLaunches.Patches(
                        pass.at(PassColumn.PATCH_PREVIOUS),
                        pass.at(PassColumn.PATCH_CURRENT),
                        pass.at(PassColumn.PATCH_PIXELS),
                        pass.at(PassColumn.PATCH_ROW),
                        pass.at(PassColumn.PATCH_COL)),
                weights.at(op.table()),
                at(op.pixels()),
                op.patch(),
                op.frameWidth(),
                rows(RowSpace.PATCH)));
        return 1;
    }

    @Override
    public Integer fold(final Op.Fold op) {
        put(vision.fold(
                at(op.x()),
                at(op.y()),
                op.t(),
                op.h(),
                op.w(),
                op.c(),
                op.ft(),
                op.fh(),
                op.fw(),
                rows(RowSpace.PATCH)));
        return 1;
    }

    @Override
    public Integer linear(final Op.Linear op) {
        final Op.Linear second = next(1, Op.Linear.class);
        final Op.MelMagnitude magnitude = next(2, Op.MelMagnitude.class);
        if (second != null && magnitude != null) {
            return spectrum(op, second, magnitude);
        }
        final Op.MelBin bin = next(1, Op.MelBin.class);
        if (bin != null) {
            return bins(op, bin);
        }
        final List<LinearLaunches.Part> parts = new ArrayList<>();
        for (Op.Linear like = op; like != null && isBeside(op, like); like = next(parts.size(), Op.Linear.class)) {
            final Matrix w = firstRows(like);
            parts.add(op.exact() ? part(matrix(w), like.y(), like.adapted()) : part(w, like.y(), like.adapted()));
            if (parts.size() == LinearLaunches.MAX_PARTS) {
                break;
            }
        }
        final LinearLaunches of = op.exact() ? exact : linear;
        put(of.linear(parts, at(op.x()), op.perRow(), adapters.of(op.space()), rows(op.space())));
        return parts.size();
    }

    /** What of a matrix there is an output for: an unembedding is padded, logits are not. */
    private Matrix firstRows(final Op.Linear op) {
        return new Matrix(
                op.w().type(),
                op.w().address(),
                columns(op.y()) / op.perRow(),
                op.w().cols());
    }

    /** Whether two products have the same input and the same kind of weights, so that one launch makes both. */
    private static boolean isBeside(final Op.Linear first, final Op.Linear other) {
        return first.exact() == other.exact()
                && first.space() == other.space()
                && first.x() == other.x()
                && first.perRow() == other.perRow()
                && first.w().type() == other.w().type()
                && first.w().cols() == other.w().cols();
    }

    @Override
    public Integer rmsNorm(final Op.RmsNorm op) {
        final Op.Gelu gelu = next(1, Op.Gelu.class);
        put(rows.rmsNorm(
                at(op.x()),
                weights.at(op.w()),
                at(op.y()),
                op.d(),
                op.perRow(),
                op.eps(),
                gelu != null,
                rows(op.space())));
        return gelu == null ? 1 : 2;
    }

    @Override
    public Integer gelu(final Op.Gelu op) {
        throw unknown(op, "its norm before it");
    }

    @Override
    public Integer audioBag(final Op.AudioBag op) {
        final Op.RmsNorm norm = next(1, Op.RmsNorm.class);
        if (norm == null || norm.x() != op.y() || norm.y() != op.y()) {
            throw unknown(op, "its norm behind it");
        }
        put(audio.audioBag(
                at(op.bins()),
                matrix(op.table()),
                weights.at(norm.w()),
                norm.eps(),
                at(op.y()),
                op.mels(),
                rows(RowSpace.AUDIO)));
        return 2;
    }

    @Override
    public Integer embed(final Op.Embed op) {
        put(rows.embed(
                matrix(op.table()),
                weights.at(op.norm()),
                op.eps(),
                new RowLaunches.Encoded(at(op.audio()), at(op.vision()), at(op.speech())),
                pass.at(PassColumn.KIND),
                pass.at(PassColumn.VALUE),
                at(op.y()),
                rows(RowSpace.PASS)));
        return 1;
    }

    @Override
    public Integer keyValue(final Op.KeyValue op) {
        final Op.RmsNorm norm = next(1, Op.RmsNorm.class);
        if (norm == null || norm.x() != norm.y() || norm.perRow() != op.shape().heads() || norm.eps() != op.eps()) {
            throw unknown(op, "the norm of its queries behind it");
        }
        put(rows.keyValue(
                op.shape(),
                new RowLaunches.KeyValueWeights(
                        weights.at(op.keyConv()),
                        weights.at(op.valueConv()),
                        weights.at(op.keyNorm()),
                        weights.at(norm.w()),
                        op.kernel(),
                        op.keyCarry(),
                        op.valueCarry(),
                        op.eps()),
                at(op.k()),
                at(op.v()),
                at(norm.x()),
                pass.at(PassColumn.STATE),
                pass.at(op.local() ? PassColumn.LOCAL_PAGES : PassColumn.GLOBAL_PAGES),
                pass.at(PassColumn.POSITION),
                segments(),
                scope.singles() ? 1 : scope.rows(RowSpace.PASS)));
        return 2;
    }

    @Override
    public Integer attention(final Op.Attention op) {
        put(heads.attention(op, rows(RowSpace.PASS), segments(), scope.singles()));
        return 1;
    }

    @Override
    public Integer linearConv(final Op.LinearConv op) {
        final CudaResidual residual = residual(op.residual(), op.conv(), op.kernel(), op.carry());
        put(linear.linearConv(
                part(op.w(), op.h(), op.adapted()),
                at(op.x()),
                op.scaled(),
                op.scale(),
                residual,
                adapters.of(RowSpace.PASS),
                rows(RowSpace.PASS)));
        end(residual, op.h());
        return 1;
    }

    @Override
    public Integer linearSwiglu(final Op.LinearSwiglu op) {
        put(linear.linearSwiglu(
                part(op.w(), op.y(), op.adapted()), at(op.x()), adapters.of(RowSpace.PASS), rows(RowSpace.PASS)));
        return 1;
    }

    @Override
    public Integer route(final Op.Route op) {
        put(experts.route(
                at(op.z()),
                weights.at(op.bias()),
                op.routed(),
                op.shared(),
                op.chosen(),
                op.scale(),
                at(op.experts()),
                at(op.weights()),
                rows(RowSpace.PASS)));
        return 1;
    }

    private ExpertLaunches.Group group(
            final CudaMatrix routed,
            final int routedCount,
            final CudaMatrix shared,
            final int numbers,
            final int ofNumbers,
            final int slots,
            final Adapted adapted) {
        return new ExpertLaunches.Group(
                routed, routedCount, shared, at(numbers), at(ofNumbers), slots, beside(adapted), adapted.shared());
    }

    private CudaMatrix up(final Experts group) {
        return ofClass(group.upType(), group.up(), 2 * group.hidden(), group.width());
    }

    private CudaMatrix down(final Experts group) {
        return ofClass(group.downType(), group.down(), group.width(), group.hidden());
    }

    @Override
    public Integer expertsUp(final Op.ExpertsUp op) {
        final int slots = op.chosen() + op.shared().count();
        put(experts.up(
                group(
                        up(op.routed()),
                        op.routed().count(),
                        up(op.shared()),
                        op.experts(),
                        op.weights(),
                        slots,
                        op.adapted()),
                at(op.x()),
                at(op.y()),
                adapters.of(RowSpace.PASS),
                rows(RowSpace.PASS)));
        return 1;
    }

    @Override
    public Integer expertsDownConv(final Op.ExpertsDownConv op) {
        final int slots = op.chosen() + op.shared().count();
        final CudaResidual residual = residual(op.residual(), op.conv(), op.kernel(), op.carry());
        put(experts.downConv(
                group(
                        down(op.routed()),
                        op.routed().count(),
                        down(op.shared()),
                        op.experts(),
                        op.weights(),
                        slots,
                        op.adapted()),
                at(op.x()),
                at(op.h()),
                residual,
                adapters.of(RowSpace.PASS),
                rows(RowSpace.PASS)));
        end(residual, op.h());
        return 1;
    }

    @Override
    public Integer outputNorm(final Op.OutputNorm op) {
        put(rows.gatheredNorm(
                at(op.x()),
                weights.at(op.w()),
                at(op.y()),
                columns(op.x()),
                op.eps(),
                op.divisor(),
                pass.at(op.gathered() == RowSpace.VOICE ? PassColumn.VOICE_ROW : PassColumn.OUTPUT_ROW),
                rows(RowSpace.PASS)));
        return 1;
    }

    @Override
    public Integer speechBlocks(final Op.SpeechBlocks op) {
        put(vision.gatherBlocks(pass.at(PassColumn.SPEECH_BLOCK), at(op.y()), columns(op.y()), rows(RowSpace.SPEECH)));
        return 1;
    }

    @Override
    public Integer flow(final Op.Flow op) {
        put(heads.flow(op, rows(RowSpace.VOICE)));
        return 1;
    }

    @Override
    public Integer vocode(final Op.Vocode op) {
        put(heads.vocode(op, scope.most().sessions()));
        return 1;
    }

    @Override
    public Integer sample(final Op.Sample op) {
        put(heads.sample(op, rows(RowSpace.OUTPUT)));
        return 1;
    }

    @Override
    public Integer adapterDown(final Op.AdapterDown op) {
        final Op.AdapterDown.Choice choice = op.experts();
        put(rows.adapterDown(
                at(op.x()),
                op.cols(),
                op.adapted().module(),
                choice == null
                        ? RowLaunches.Choice.NONE
                        : new RowLaunches.Choice(
                                at(choice.numbers()),
                                choice.routed(),
                                choice.slots(),
                                choice.perSlot(),
                                op.adapted().shared()),
                at(op.adapted().t()),
                adapters.of(op.space()),
                rows(op.space())));
        return 1;
    }
}
