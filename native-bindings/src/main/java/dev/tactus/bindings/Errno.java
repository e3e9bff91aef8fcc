package dev.tactus.bindings;

import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/** The {@code errno} of one call, read from the segment that was passed to this call. */
public final class Errno {
    /** What a handle of {@link NativeSymbols#bindWithErrno} takes as its first argument. */
    public static final StructLayout LAYOUT = Linker.Option.captureStateLayout();

    private static final VarHandle VALUE = LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private Errno() {}

    /** The value after the call; meaningless unless the call reported a failure. */
    public static int of(final MemorySegment callState) {
        return (int) VALUE.get(callState, 0L);
    }
}
