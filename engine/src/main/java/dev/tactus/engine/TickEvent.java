package dev.tactus.engine;

import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.scheduler.SilenceReason;
import org.agrona.DirectBuffer;

/** One tick of a session, read in place from its ring. Reused for every tick: valid during the handler's call only. */
public final class TickEvent {
    private final OutputMachine machine;
    private DirectBuffer buffer;
    private int offset;

    TickEvent(final OutputMachine machine) {
        this.machine = machine;
    }

    TickEvent wrap(final DirectBuffer newBuffer, final int newOffset) {
        buffer = newBuffer;
        offset = newOffset;
        return this;
    }

    /** Session tick, from 0. */
    public long tick() {
        return EgressRecord.number(buffer, offset);
    }

    /** Why nothing was put out; {@link SilenceReason#NONE} when something was. */
    public SilenceReason reason() {
        return SilenceReason.of(EgressRecord.reason(buffer, offset));
    }

    /** Output positions, control tokens included. */
    public int tokens() {
        return EgressRecord.count(buffer, offset);
    }

    /** Token id at output position {@code i}. */
    public int tokenId(final int i) {
        return EgressRecord.tokenId(buffer, offset, i);
    }

    /** Whether position {@code i} is a caption: text of what the user said. */
    public boolean isCaption(final int i) {
        return isText(i) && EgressRecord.drawnIn(buffer, offset, i) == OutputMachine.HEAR;
    }

    /** Whether position {@code i} is text that the model says. */
    public boolean isSpoken(final int i) {
        return isText(i) && EgressRecord.drawnIn(buffer, offset, i) == OutputMachine.SPEAK;
    }

    private boolean isText(final int i) {
        final int drawnIn = EgressRecord.drawnIn(buffer, offset, i);
        return drawnIn != OutputMachine.START && !machine.isControl(tokenId(i));
    }

    /** Duration of a stage, ns. */
    public long stageNs(final Stage stage) {
        return LedgerRow.stageNs(buffer, offset + EgressRecord.ROW, stage);
    }

    /** From the oldest capture to the emit, ns. */
    public long wallNs() {
        return LedgerRow.wallNs(buffer, offset + EgressRecord.ROW);
    }

    /** What no stage accounts for, ns. */
    public long unattributedNs() {
        return LedgerRow.unattributedNs(buffer, offset + EgressRecord.ROW);
    }

    /** The buffer with the tick's {@link LedgerRow}. */
    public DirectBuffer row() {
        return buffer;
    }

    /** Where in {@link #row()} the ledger row lies. */
    public int rowOffset() {
        return offset + EgressRecord.ROW;
    }
}
