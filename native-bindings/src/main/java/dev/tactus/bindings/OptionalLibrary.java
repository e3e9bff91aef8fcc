package dev.tactus.bindings;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A library that the process can do without, of versions that are known to work: looked for in a folder, else by the
 * system's loader, and bound once. Versions have 10000 per major and 100 per minor. Thread-safe.
 */
public final class OptionalLibrary {
    private final String title;
    private final String file;
    private final String versionSymbol;
    private final long oldest;
    private final long firstUnknown;
    private final String remedy;

    private NativeLibrary library;
    private long version;
    private String failure = "";

    /**
     * A library that nobody has looked for yet.
     *
     * @param title its name, for people
     * @param file its file
     * @param versionSymbol the function that returns its version
     * @param oldest the oldest version that works
     * @param firstUnknown the first version of which nobody knows whether it works
     * @param remedy what to do where it is absent
     */
    public OptionalLibrary(
            final String title,
            final String file,
            final String versionSymbol,
            final long oldest,
            final long firstUnknown,
            final String remedy) {
        this.title = title;
        this.file = file;
        this.versionSymbol = versionSymbol;
        this.oldest = oldest;
        this.firstUnknown = firstUnknown;
        this.remedy = remedy;
    }

    /**
     * Its version; finds and binds it when that has not been done.
     *
     * @param folder where it is looked for; null or empty for the loader alone
     * @param bindAll initialises the class whose handles are bound to {@link #opened()}
     * @throws NativeBindingException when it is absent, of another version, or not complete; says why and what to do
     */
    public synchronized long load(final String folder, final Runnable bindAll) {
        if (version != 0) {
            return version;
        }
        if (!failure.isEmpty()) {
            throw unavailable(List.of(failure));
        }
        final NativeLibrary found = find(folder, file);
        library = found;
        try {
            bindAll.run();
        } catch (final ExceptionInInitializerError ex) {
            // the class stays broken for the rest of the process, so the reason is kept
            failure = found.name() + " is not complete: " + ex.getCause();
            throw unavailable(List.of(failure));
        }
        version = version(found);
        return version;
    }

    /** Where symbols are looked for; null before it was found. From within {@link #load} and after it. */
    public NativeLibrary opened() {
        return library;
    }

    /**
     * The library of this name in {@code folder}, else the loader's, of a version that works.
     *
     * @throws NativeBindingException when there is none
     */
    public NativeLibrary find(final String folder, final String name) {
        final NativeLibrary found = open(folder, name);
        final long answer = version(found);
        if (answer < oldest || answer >= firstUnknown) {
            throw unavailable(List.of(found.name() + " is version " + text(answer) + ", expected " + text(oldest)
                    + " or newer, below " + text(firstUnknown)));
        }
        return found;
    }

    private NativeLibrary open(final String folder, final String name) {
        try {
            return folder == null || folder.isEmpty()
                    ? NativeLibrary.open(name)
                    : NativeLibrary.open(Path.of(folder, name).toString(), name);
        } catch (final NativeBindingException ex) {
            throw unavailable(ex.reasons());
        }
    }

    private long version(final NativeLibrary found) {
        final MethodHandle handle;
        try {
            handle = NativeSymbols.bind(found, versionSymbol, FunctionDescriptor.of(JAVA_LONG), false);
        } catch (final NativeBindingException ex) {
            throw unavailable(List.of(ex.getMessage()));
        }
        try {
            return (long) handle.invokeExact();
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature(versionSymbol, ex);
        }
    }

    /** A version as people write it. */
    public static String text(final long version) {
        return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
    }

    private NativeBindingException unavailable(final List<String> reasons) {
        final List<String> all = new ArrayList<>(reasons);
        all.add(remedy);
        return new NativeBindingException(title + " cannot be used", all);
    }
}
