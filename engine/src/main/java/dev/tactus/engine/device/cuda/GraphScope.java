package dev.tactus.engine.device.cuda;

import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.RowSpace;

/**
 * What a graph is captured for: the most rows of each space, which its grids are sized for, and whether every session
 * has a single row.
 *
 * @param name for messages and profiles
 * @param most rows of each space; 0 for a space whose ops the graph leaves out
 * @param singles whether every segment of its passes is one row, as in a decode pass
 * @param speaks whether blocks of speech are made and turned into sound
 */
record GraphScope(String name, CpuMemory.Rows most, boolean singles, boolean speaks) {
    /** Everything before the first row is embedded. */
    static GraphScope gather(final CpuMemory.Rows all) {
        return new GraphScope(
                "gather", new CpuMemory.Rows(0, 0, all.audio(), all.patch(), 0, all.sessions()), false, false);
    }

    /** A prefill of at most {@code rows} rows. */
    static GraphScope prefill(final CpuMemory.Rows all, final int rows) {
        return new GraphScope(
                "prefill " + rows,
                new CpuMemory.Rows(
                        rows,
                        Math.min(rows, all.output()),
                        Math.min(rows, all.audio()),
                        Math.min(rows, all.patch()),
                        Math.min(rows, all.voice()),
                        Math.min(rows, all.sessions())),
                false,
                false);
    }

    /** A decode pass of all sessions, in which some speak or none does. */
    static GraphScope decode(final CpuMemory.Rows all, final boolean speaks) {
        final int sessions = all.sessions();
        return new GraphScope(
                speaks ? "decode and speak" : "decode",
                new CpuMemory.Rows(sessions, sessions, 0, 0, speaks ? sessions : 0, sessions),
                true,
                speaks);
    }

    /** Most rows of a space. */
    int rows(final RowSpace space) {
        return most.of(space);
    }

    /** Whether an op has anything to do in such a graph. */
    boolean has(final Op op) {
        if (op instanceof Op.OutputNorm norm) {
            return rows(norm.gathered()) > 0;
        }
        if (op instanceof Op.Flow || op instanceof Op.Vocode) {
            return speaks;
        }
        return rows(op.space()) > 0;
    }
}
