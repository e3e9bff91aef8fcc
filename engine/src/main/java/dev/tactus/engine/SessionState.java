package dev.tactus.engine;

import dev.tactus.engine.model.OutputMachine;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.OffHeap;
import dev.tactus.memory.PagePool;
import dev.tactus.memory.SlotPool;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/**
 * Everything a session index owns: slot pools, egress ring, speech slots, carries, pages, and where its sequence
 * stands. Allocated at launch, reused by one session after another.
 *
 * <p>{@link #prepare} runs on the opening thread while the index is free. From OPEN to END the tick thread alone
 * changes the fields of the sequence.
 */
final class SessionState {
    static final int FREE = 0;
    static final int LIVE = 1;
    static final int ENDED = 2;

    final int index;
    final SlotPool[] pools;
    final OneToOneRingBuffer egress;
    final long stateAddress;
    private final long zeroedBytes;
    final long localTable;
    final long globalTable;

    volatile int phase = FREE;
    volatile boolean consumed;
    volatile long lostRecords;
    volatile EndReason endReason;
    volatile int generation;

    /** Of the period, in which the session ticks. */
    int slot;

    int modalities;
    long seed;
    SamplingParameters sampling;
    boolean logProbabilities;
    int adapter;
    final UnsafeBuffer script;
    int scriptLength;

    /** Null where the model does not speak. */
    final SpeechSlots speech;

    /** Whether beats go by the clock, so that capture times mean something. */
    final boolean realtime;

    long nextPosition;
    int pendingToken;
    boolean talking;
    long ticks;
    long previousEmitNs;

    /** Where on the session's timeline ends what it said since the last interruption, in samples. */
    long spokenUntil;

    /** Interruptions that seals took in. */
    int interruptions;

    private final long blocks;
    private int localPages;
    private int globalPages;

    /**
     * An index that is free.
     *
     * @param stateAddress of the session's constant state
     * @param zeroedBytes bytes of it that are zeroed here for a new session; 0 where the device does
     */
    SessionState(
            final int index,
            final SlotPool[] pools,
            final OneToOneRingBuffer egress,
            final long stateAddress,
            final long zeroedBytes,
            final long localTable,
            final long globalTable,
            final UnsafeBuffer script,
            final SpeechSlots speech,
            final long blocks,
            final boolean realtime) {
        this.index = index;
        this.pools = pools;
        this.egress = egress;
        this.stateAddress = stateAddress;
        this.zeroedBytes = zeroedBytes;
        this.localTable = localTable;
        this.globalTable = globalTable;
        this.script = script;
        this.speech = speech;
        this.blocks = blocks;
        this.realtime = realtime;
    }

    /** Whether another session may take the index. */
    boolean isReusable() {
        return phase == FREE || phase == ENDED && consumed;
    }

    /**
     * Makes the index ready for a session, which has that adapter or 0: pages, zeroed carries, free slots, an empty
     * ring.
     */
    void prepare(
            final SessionSpec spec,
            final int adapterNumber,
            final PagePool local,
            final int locals,
            final PagePool global,
            final int globals) {
        generation++;
        modalities = spec.modalities();
        adapter = adapterNumber;
        seed = spec.seed();
        sampling = spec.sampling();
        logProbabilities = spec.logProbabilities();
        final int[] ids = spec.script();
        scriptLength = ids.length;
        for (int i = 0; i < ids.length; i++) {
            script.putInt(i * Integer.BYTES, ids[i]);
        }
        nextPosition = 0;
        pendingToken = -1;
        talking = false;
        ticks = 0;
        previousEmitNs = 0;
        spokenUntil = Long.MIN_VALUE;
        interruptions = 0;
        lostRecords = 0;
        endReason = null;
        consumed = false;
        takePages(local, locals, global, globals);
        if (speech != null) {
            speech.reset();
        }
        OffHeap.zero(stateAddress, zeroedBytes);
        for (final SlotPool pool : pools) {
            pool.reset();
        }
        egress.buffer().setMemory(0, egress.buffer().capacity(), (byte) 0);
        phase = LIVE;
    }

    private void takePages(final PagePool local, final int locals, final PagePool global, final int globals) {
        localPages = locals;
        globalPages = globals;
        for (int i = 0; i < locals; i++) {
            OffHeap.putLong(localTable + i * (long) Long.BYTES, local.acquire());
        }
        for (int i = 0; i < globals; i++) {
            OffHeap.putLong(globalTable + i * (long) Long.BYTES, global.acquire());
        }
    }

    /** Returns the pages of a session that ended. */
    void reclaim(final PagePool local, final PagePool global) {
        for (int i = 0; i < localPages; i++) {
            local.release(OffHeap.getLong(localTable + i * (long) Long.BYTES));
        }
        for (int i = 0; i < globalPages; i++) {
            global.release(OffHeap.getLong(globalTable + i * (long) Long.BYTES));
        }
        localPages = 0;
        globalPages = 0;
        phase = FREE;
    }

    /** Cuts a session off from an engine that closes: its handles see another generation and touch nothing any more. */
    void retire(final EndReason reason) {
        endReason = phase == ENDED ? endReason : reason;
        generation++;
        phase = ENDED;
    }

    /** Whether the model speaks. */
    boolean speaks() {
        return speech != null;
    }

    /** Address of the last two blocks of speech. */
    long blocks() {
        return stateAddress + blocks;
    }

    /** Address of the last block of a tick that ended in speech. */
    long lastBlock() {
        return blocks() + (OutputMachine.SAY_BLOCKS - 1 & 1) * (long) Vocoder.BLOCK_MELS * Float.BYTES;
    }

    SlotPool pool(final Modality modality) {
        return pools[modality.code()];
    }

    /**
     * Moves the sequence on after a tick that put out {@code outputs} tokens and blocks: all but the last were fed back
     * already.
     */
    void advance(final int outputs, final int lastToken, final int lastState) {
        nextPosition += outputs - 1;
        pendingToken = lastToken;
        talking = lastState == OutputMachine.SAY;
    }
}
