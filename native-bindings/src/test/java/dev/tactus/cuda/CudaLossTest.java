package dev.tactus.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A kernel that strays takes the context with it: every call says so, and closing still works. On a real GPU a process
 * of its own runs this, since the driver may refuse to go on in the same one; hence the tag.
 */
@Tag("loses-context")
@Timeout(60)
class CudaLossTest {
    @Test
    void shouldLoseTheContextWithAKernelThatStrays() {
        final CudaContext context = TestDriver.openContext();
        final CudaStream stream = context.openStream("stray");
        final CudaEvent event = context.openEvent("end", false);
        final CudaModule module = TestDriver.openModule(context);
        final DeviceMemory memory = context.allocateDevice("a", 64);
        final PinnedMemory pinned = context.allocatePinned("b", 64);
        final CudaFunction stray = module.function("facade_stray");
        final KernelArguments arguments =
                stray.newArguments().setLong(0, memory.address()).setLong(1, 16);
        // just behind the allocation, where softcuda looks, or far away, where a GPU does
        final boolean soft = context.device().name().startsWith("softcuda");
        arguments.setLong(1, soft ? 16 : 1L << 38);
        stray.launch(stream, 1, 1, 0, arguments);
        event.record(stream);

        final CudaException ex = assertThrows(CudaException.class, stream::synchronize);
        assertTrue(ex.contextLost(), ex::getMessage);
        assertEquals("stray", ex.stream());
        assertTrue(ex.getMessage().contains("the context is lost"), ex::getMessage);
        assertTrue(context.isLost());

        final CudaException again = assertThrows(CudaException.class, () -> context.openStream("late"));
        assertEquals(ex.name(), again.name());
        assertTrue(again.contextLost());
        assertThrows(CudaException.class, stream::isDone);
        assertThrows(CudaException.class, event::isDone);
        assertThrows(CudaException.class, () -> stray.launch(stream, 1, 1, 0, arguments));
        assertThrows(CudaException.class, () -> context.allocateDevice("late", 64));
        assertThrows(IllegalStateException.class, context::close);

        context.detach();
        context.attach();
        pinned.close();
        memory.close();
        module.close();
        event.close();
        stream.close();
        context.close();
        assertFalse(context.isOwner());
    }
}
