package dev.tactus.engine.sim;

import dev.tactus.engine.AudioInput;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.device.cpu.Generation;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;

/**
 * A device that computes nothing. What it puts out is a hash of everything that a model would read: the rows of the
 * plan, the bytes of the media they name, the session's state and its pages, its seed. It reads and writes them where a
 * model would, so that a page given to two sessions, a slot reused too early or a state not zeroed changes its output.
 *
 * <p>Passes and the output machine are the engine's own ({@link Generation}). Time is drawn; a pass ends once the
 * virtual clock says so.
 */
final class SimDevice implements Backend {
    /** How long a tick takes, as a workload or a lone run wants it. */
    interface Pace {
        /** From submit until the device takes the tick up. */
        long delayNs();

        /** What preprocessing takes. */
        long preprocessNs();

        /** What the prefill takes. */
        long fuseNs();

        /** What a decode pass takes; {@link Long#MAX_VALUE} for one that never ends. */
        long passNs();

        /** Whether the device fails at the end of this pass. */
        boolean fails();
    }

    private static final int MOST_LOOK_BACK = 31;
    private static final int THOUSAND = 1000;
    private static final long SAMPLE_BYTES = Float.BYTES;

    private final EngineContext context;
    private final OutputMachine machine;
    private final Pace pace;
    private final int notFinitePerMille;
    private final Plant plant;
    private final Checks checks;
    private final FreezableArena arena;
    private final Generation generation;
    private final PassRows[] decodeRows;
    private final long sampled;
    private final long logits;
    private final KvRingLayout local;
    private final KvRingLayout global;
    private final int slotBytes;
    private final int frameBytes;
    private final int blockElements;
    private final long[] mediaAtSubmit;

    private TickPlan plan;
    private TickOutput output;
    private PassRows rows;
    private int decodeTurn;
    private int passNumber;
    private long passStartNs;
    private long passEndNs;
    private long preprocessNs;
    private long fuseNs;
    private long ticket;
    private boolean busy;
    private Throwable failure;

    SimDevice(
            final EngineContext context,
            final OutputMachine machine,
            final Pace pace,
            final int notFinitePerMille,
            final Plant plant,
            final Checks checks) {
        this.context = context;
        this.machine = machine;
        this.pace = pace;
        this.notFinitePerMille = notFinitePerMille;
        this.plant = plant;
        this.checks = checks;
        final int sessions = context.maxSessions();
        final SessionLayout layout = context.layout();
        this.local = layout.local();
        this.global = layout.global();
        this.slotBytes = AudioInput.SLOT_SAMPLES * Float.BYTES;
        final int patch = context.model().config().vision().patch();
        this.frameBytes = context.interaction().videoRows()
                * patch
                * context.interaction().videoCols()
                * patch
                * 3;
        this.blockElements = context.interaction().audioOut().orElseThrow().blockElements();
        this.mediaAtSubmit = new long[sessions];
        this.arena = new FreezableArena(context.ledger());
        this.generation = new Generation(arena, machine, blockElements, sessions);
        this.decodeRows =
                new PassRows[] {new PassRows(arena, sessions, sessions), new PassRows(arena, sessions, sessions)};
        this.sampled = arena.allocate(MemoryTag.ACTIVATION, (long) sessions * Integer.BYTES, 64)
                .address();
        this.logits = arena.allocate(MemoryTag.ACTIVATION, (long) sessions * machine.vocabulary() * Float.BYTES, 64)
                .address();
        arena.freeze();
    }

    @Override
    public String name() {
        return "simulated";
    }

    @Override
    public long submit(final TickPlan newPlan, final TickOutput newOutput) {
        checks.that(!busy, Check.QUEUES, Checks.ENGINE, "one tick on the device", "a second submit");
        plan = newPlan;
        output = newOutput;
        output.clear(plan.entries());
        ticket++;
        if (failure != null) {
            return ticket;
        }
        busy = true;
        passNumber = 0;
        rows = plan.rows();
        generation.begin(plan, output);
        for (int entry = 0; entry < plan.entries(); entry++) {
            mediaAtSubmit[entry] = media(entry);
        }
        passStartNs = context.clock().nanoTime() + pace.delayNs();
        preprocessNs = pace.preprocessNs();
        fuseNs = pace.fuseNs();
        passEndNs = after(passStartNs + preprocessNs + fuseNs, pace.passNs());
        return ticket;
    }

    private static long after(final long fromNs, final long ns) {
        return ns == Long.MAX_VALUE ? ns : fromNs + ns;
    }

    @Override
    public int poll(final long polled) {
        checks.equal(Check.QUEUES, Checks.ENGINE, "a poll of ticket", ticket, polled);
        while (busy && passEndNs <= context.clock().nanoTime()) {
            if (pace.fails()) {
                failure = new IllegalStateException("the simulated device was told to fail");
                busy = false;
            } else {
                endPass();
            }
        }
        if (busy) {
            return PENDING;
        }
        return failure == null ? DONE : FAILED;
    }

    private void endPass() {
        checkMedia();
        run();
        final long nowNs = passEndNs;
        long generateStartNs = passStartNs;
        if (passNumber == 0) {
            output.stages(passStartNs, preprocessNs, fuseNs, rows.rows());
            generateStartNs += preprocessNs + fuseNs;
        }
        generation.worked(nowNs - generateStartNs + (plant == Plant.ROW_UNBALANCED ? fuseNs : 0));
        final PassRows next = decodeRows[decodeTurn];
        decodeTurn ^= 1;
        if (!generation.advance(rows, sampled, logits, next, nowNs)) {
            busy = false;
            return;
        }
        rows = next;
        passStartNs = nowNs;
        passEndNs = after(nowNs, pace.passNs());
        passNumber++;
    }

    /** Media must not change under a session that is not complete. */
    private void checkMedia() {
        for (int entry = 0; entry < plan.entries(); entry++) {
            if (!output.isComplete(entry) && media(entry) != mediaAtSubmit[entry]) {
                checks.fail(
                        Check.SLOTS,
                        plan.session(entry),
                        "the media of session tick " + plan.tick(entry) + " to stay until it is complete",
                        "other bytes in its slots at pass " + passNumber);
            }
        }
    }

    /** A hash of all media that an entry's rows name. */
    private long media(final int entry) {
        final PassRows prefill = plan.rows();
        long hash = 0;
        final int first = prefill.firstRow(entry);
        for (int row = first; row < first + prefill.rowsOfSegment(entry); row++) {
            if (prefill.kind(row) == RowKind.AUDIO || prefill.kind(row) == RowKind.PATCH) {
                hash = Mix.fold(hash, content(prefill, row));
            }
        }
        return hash;
    }

    /** What stands at a row, by its bytes and never by its address. */
    private long content(final PassRows pass, final int row) {
        final int value = pass.value(row);
        switch (pass.kind(row)) {
            case RowKind.AUDIO:
                return Mix.fold(bytes(plan.audioLeft(value), slotBytes), bytes(plan.audioRight(value), slotBytes));
            case RowKind.PATCH:
                return Mix.fold(
                        Mix.fold(plan.patchRow(value), plan.patchCol(value)),
                        Mix.fold(
                                bytes(plan.patchPrevious(value), frameBytes),
                                bytes(plan.patchCurrent(value), frameBytes)));
            case RowKind.SPEECH:
                return bytes(pass.speechBlock(value), blockElements * Float.BYTES);
            default:
                return value;
        }
    }

    /** The ends of a piece of media: its producer stamps both. */
    private static long bytes(final long address, final int length) {
        return address == 0 ? 0 : Mix.fold(OffHeap.getLong(address), OffHeap.getLong(address + length - Long.BYTES));
    }

    private void run() {
        long neighbour = 0;
        for (int segment = 0; segment < rows.segments(); segment++) {
            final int entry = rows.entry(segment);
            long hash = OffHeap.getLong(plan.state(entry));
            final int first = rows.firstRow(segment);
            for (int row = first; row < first + rows.rowsOfSegment(segment); row++) {
                hash = row(entry, row, hash);
                if (plant == Plant.NEIGHBOUR) {
                    hash = Mix.fold(hash, neighbour);
                }
                if (rows.outputRow(row) != PassRows.NO_OUTPUT) {
                    draw(entry, rows.outputRow(row), hash);
                }
                if (rows.voiceRow(row) != PassRows.NO_OUTPUT) {
                    say(rows.voiceBlock(rows.voiceRow(row)), hash);
                }
            }
            OffHeap.putLong(plan.state(entry), hash);
            neighbour = hash;
        }
        for (int job = 0; job < rows.jobs(); job++) {
            sound(rows.jobEntry(job), rows.jobBlock(job), rows.jobSamples(job));
        }
    }

    /** A row, hashed with what its session can see: a recent position, and one that is never lost. */
    private long row(final int entry, final int row, final long before) {
        final long position = rows.position(row);
        long hash = Mix.fold(before, rows.kind(row));
        hash = Mix.fold(hash, content(rows, row));
        hash = Mix.fold(hash, position);
        hash = Mix.fold(hash, Float.floatToRawIntBits(rows.tau(row)));
        if (position > 0) {
            final long back = 1 + (hash & MOST_LOOK_BACK) % Math.min(position, MOST_LOOK_BACK);
            hash = Mix.fold(hash, OffHeap.getLong(place(plan.localPages(entry), local, position - back)));
            final long sink = (hash >>> 8 & 0xFF) % Math.min(position, global.sinkPositions());
            hash = Mix.fold(hash, OffHeap.getLong(place(plan.globalPages(entry), global, sink)));
        }
        OffHeap.putLong(place(plan.localPages(entry), local, position), hash);
        OffHeap.putLong(place(plan.globalPages(entry), global, position), ~hash);
        return hash;
    }

    private static long place(final long table, final KvRingLayout ring, final long position) {
        final int page =
                KvRingLayout.tableIndex(position >> KvRingLayout.PAGE_SHIFT, ring.sinkPages(), ring.ringPages());
        final long address = OffHeap.getLong(table + (long) page * Long.BYTES);
        return address + (position & KvRingLayout.PAGE_POSITIONS - 1) * Long.BYTES;
    }

    /** Draws from the mask: quiet or say a quarter of the time, else any id that the output machine lets through. */
    private void draw(final int entry, final int outputRow, final long hash) {
        long bits = Mix.fold(hash, plan.seed(entry));
        final boolean finite = Math.floorMod(Mix.fold(bits, plan.tick(entry)), THOUSAND) >= notFinitePerMille;
        final long mask = OffHeap.getLong(generation.mask(entry));
        final long quiet = 1L << context.interaction().quietTokenId();
        final long say = 1L << context.interaction().sayTokenId();
        if ((bits & 3) == 0 && (mask & quiet) != 0) {
            bits = quiet;
        } else if ((bits & 3) == 1 && (mask & say) != 0) {
            bits = say;
        } else {
            final int chosen = (int) ((bits >>> 8 & 0xFFFF) % Long.bitCount(mask));
            long left = mask;
            for (int i = 0; i < chosen; i++) {
                left &= left - 1;
            }
            bits = Long.lowestOneBit(left);
        }
        final int id = finite ? Long.numberOfTrailingZeros(bits) : KernelSet.NOT_FINITE;
        OffHeap.putInt(sampled + outputRow * (long) Integer.BYTES, id);
        if (plan.wantsLogProbabilities(entry)) {
            final long row = logits + (long) outputRow * SimModel.VOCABULARY * Float.BYTES;
            for (int i = 0; i < SimModel.VOCABULARY; i++) {
                OffHeap.putFloat(row + i * SAMPLE_BYTES, (hash >>> i & 0xFF) * 0x1p-5f);
            }
        }
    }

    /** A block of speech, of the noise that stands in its place. */
    private void say(final long block, final long hash) {
        final long mixed = Mix.fold(hash, OffHeap.getLong(block));
        stamp(block, mixed);
        stamp(block + (blockElements - 1) * SAMPLE_BYTES, mixed >>> 24);
    }

    /** The sound of a block, or what the vocoder held back: the ends of every 50 ms. */
    private void sound(final int entry, final long block, final long samples) {
        final long hash = block == 0 ? OffHeap.getLong(plan.state(entry)) : bytes(block, blockElements * Float.BYTES);
        final int blocks = block == 0 ? Vocoder.FLUSH_BLOCKS : 1;
        for (int i = 0; i < blocks; i++) {
            final long start = samples + (long) i * Vocoder.BLOCK_SAMPLES * SAMPLE_BYTES;
            stamp(start, hash >>> i);
            stamp(start + (Vocoder.BLOCK_SAMPLES - 1) * SAMPLE_BYTES, hash >>> 16 + i);
        }
    }

    private static void stamp(final long address, final long hash) {
        OffHeap.putFloat(address, (hash & 0xFFFFFF) * 0x1p-24f);
    }

    /** The bits of an entry as its consumer is to hear them: {@link OutputHash}. */
    long outputHash(final int entry, final boolean whole) {
        final int samples = whole ? output.samples(entry) : 0;
        long hash = Mix.fold(textHash(entry, whole), samples);
        for (int at = 0; at < samples; at += Vocoder.BLOCK_SAMPLES) {
            final long address = plan.samples(entry) + at * SAMPLE_BYTES;
            hash = Mix.fold(hash, OffHeap.getInt(address));
            hash = Mix.fold(hash, OffHeap.getInt(address + (Vocoder.BLOCK_SAMPLES - 1) * SAMPLE_BYTES));
        }
        return hash;
    }

    /** Likewise where its speech is taken back. */
    long silentHash(final int entry, final boolean whole) {
        return Mix.fold(textHash(entry, whole), 0);
    }

    private long textHash(final int entry, final boolean whole) {
        long hash = plan.tick(entry);
        final int count = whole ? output.count(entry) : 0;
        for (int i = 0; i < count; i++) {
            hash = Mix.fold(hash, output.token(entry, i));
            final int kind = !isText(entry, i) ? 0 : output.drawnIn(entry, i) == OutputMachine.HEAR ? 1 : 2;
            hash = Mix.fold(hash, kind);
            if (plan.wantsLogProbabilities(entry)) {
                hash = Mix.fold(hash, Float.floatToRawIntBits(output.logProbabilityOf(entry, i)));
            }
        }
        return hash;
    }

    private boolean isText(final int entry, final int i) {
        final int id = output.token(entry, i);
        return id != TickOutput.BLOCK && output.drawnIn(entry, i) != OutputMachine.START && !machine.isControl(id);
    }

    /** Whether an entry put out text or speech. */
    boolean spoke(final int entry) {
        for (int i = 0; i < output.count(entry); i++) {
            if (isText(entry, i) || output.token(entry, i) == TickOutput.BLOCK) {
                return true;
            }
        }
        return false;
    }

    /** Samples of speech that an entry brings. */
    int samples(final int entry) {
        return output.samples(entry);
    }

    /** Output positions of an entry. */
    int outputs(final int entry) {
        return output.count(entry);
    }

    /** The last output of an entry. */
    int lastToken(final int entry) {
        return output.token(entry, output.count(entry) - 1);
    }

    /** The plan that was submitted last. */
    TickPlan plan() {
        return plan;
    }

    /** Whether all of an entry's logits were finite. */
    boolean isFinite(final int entry) {
        return output.error(entry) == TickOutput.OK;
    }

    @Override
    public Throwable failure() {
        return failure;
    }

    @Override
    public long logits() {
        return logits;
    }

    @Override
    public long conditions() {
        return 0;
    }

    /** Whether a tick is on the device. */
    boolean isBusy() {
        return busy;
    }

    /** When the pass ends that the device is in; {@link Long#MAX_VALUE} when it never does. */
    long passEndNs() {
        return passEndNs;
    }

    @Override
    public void close() {
        busy = false;
        arena.close();
    }
}
