package dev.tactus.app.run;

import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.scheduler.SilenceReason;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;

/**
 * {@code ledger.csv}: the ledger row of every tick of every session, a header first. Times ending in {@code _at_ns} are
 * on the engine clock, whose zero means nothing; the others are durations.
 */
final class LedgerCsv implements Closeable {
    private final OutputStream out;
    private final StringBuilder line = new StringBuilder(512);

    /** Rows to {@code out}, which is closed with this and should not buffer; writes the header. */
    LedgerCsv(final OutputStream out) throws IOException {
        this.out = out;
        out.write(header().getBytes(StandardCharsets.UTF_8));
    }

    private static String header() {
        final StringBuilder header = new StringBuilder("session,generation,tick,beat,start_at_ns");
        for (int i = 0; i < Stage.COUNT; i++) {
            header.append(',').append(Stage.of(i).label()).append("_ns");
        }
        return header.append(",wall_ns,unattributed_ns,deadline_at_ns,emit_at_ns,reason,flags,rows,outputs,dropped,"
                        + "ladder_step,audio_gaps,video_gaps,jitter_ns\n")
                .toString();
    }

    /** Writes the row at {@code offset} of {@code rows}. */
    void row(final DirectBuffer rows, final int offset) throws IOException {
        line.setLength(0);
        line.append(LedgerRow.session(rows, offset));
        cell(LedgerRow.generation(rows, offset));
        cell(LedgerRow.tick(rows, offset));
        cell(LedgerRow.beat(rows, offset));
        cell(LedgerRow.startNs(rows, offset));
        for (int i = 0; i < Stage.COUNT; i++) {
            cell(LedgerRow.stageNs(rows, offset, Stage.of(i)));
        }
        cell(LedgerRow.wallNs(rows, offset));
        cell(LedgerRow.unattributedNs(rows, offset));
        cell(LedgerRow.deadlineNs(rows, offset));
        cell(LedgerRow.emitNs(rows, offset));
        line.append(',').append(TickLine.reason(SilenceReason.of(LedgerRow.reason(rows, offset))));
        cell(LedgerRow.flags(rows, offset));
        cell(LedgerRow.rows(rows, offset));
        cell(LedgerRow.outputs(rows, offset));
        cell(LedgerRow.dropped(rows, offset));
        cell(LedgerRow.ladderStep(rows, offset));
        cell(LedgerRow.audioGaps(rows, offset));
        cell(LedgerRow.videoGaps(rows, offset));
        cell(LedgerRow.jitterNs(rows, offset));
        line.append('\n');
        out.write(line.toString().getBytes(StandardCharsets.UTF_8));
    }

    private void cell(final long value) {
        line.append(',').append(value);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
