package dev.tactus.app;

import java.lang.reflect.InvocationTargetException;

/**
 * Makes the Vector API available without {@code --add-modules}.
 *
 * <p>That option has no manifest entry, prints a warning before {@code main} that nothing can switch off, and keeps the
 * JVM from starting with its archived module graph. The JDK has a door for loading a system module later, which its own
 * agents use; the jar's manifest opens it. The compiler treats the module the same either way.
 */
public final class VectorModule {
    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() {}

    /** Whether the JVM was started with the module. */
    public static boolean isInBootLayer() {
        return ModuleLayer.boot().findModule(NAME).isPresent();
    }

    /**
     * Loads the module unless it is there. Call it before the first class that names the Vector API is linked; takes
     * some 50 ms, and nothing when called again.
     *
     * @throws IllegalStateException when this JDK does not allow it; the message names the option to start with
     */
    public static synchronized void load() {
        if (isInBootLayer()) {
            return;
        }
        try {
            Class.forName("jdk.internal.module.Modules")
                    .getMethod("loadModule", String.class)
                    .invoke(null, NAME);
        } catch (final InvocationTargetException ex) {
            throw unavailable(ex.getCause());
        } catch (final ReflectiveOperationException ex) {
            throw unavailable(ex);
        }
    }

    private static IllegalStateException unavailable(final Throwable cause) {
        return new IllegalStateException(
                "the Vector API is not available (" + cause.getMessage() + "): start java with --add-modules " + NAME,
                cause);
    }
}
