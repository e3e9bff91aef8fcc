package dev.tactus.espeak;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * libespeak-ng in this process. The library is loaded on the first {@link #shared()} and stays until the process ends.
 *
 * <p>It holds its state in global variables and knows no threads, so there is one object, and one thread at a time
 * speaks: any thread may call, others wait. What a call returns depends on its arguments alone (see
 * {@link EspeakData}), neither on calls before it nor on threads.
 */
public final class Espeak {
    private static final String[] LIBRARIES = {"libespeak-ng.so.1", "libespeak-ng.1.dylib", "libespeak-ng.dylib"};
    private static final String REMEDY = "install the Debian package espeak-ng (or libespeak-ng1 and espeak-ng-data)";
    private static final String PRIMER = "a.";
    private static final int SYNCHRONOUS = 2;
    private static final int BUFFER_MS = 200;
    private static final int DO_NOT_EXIT = 0x8000;
    private static final int RATE = 1;
    private static final int PITCH = 3;
    private static final int RANGE = 4;
    private static final int CHARACTERS = 1;
    private static final int UTF8 = 1;
    private static final int WORD_EVENT = 1;
    private static final int EVENT_BYTES = 40;
    private static final int EVENT_TEXT_POSITION = 8;
    private static final int EVENT_AUDIO_POSITION = 16;
    /** A minute and a half: what is spoken here is a phrase. */
    private static final int MAX_SAMPLES = 1 << 21;
    /** A character of a text takes less than this. */
    private static final int MAX_TEXT = 4096;

    private final MethodHandle setVoice;
    private final MethodHandle setParameter;
    private final MethodHandle synth;
    private final MethodHandle seedNoise;
    private final int sampleRateHz;

    private short[] samples = new short[1 << 16];
    private int count;
    private final List<EspeakSound.Word> words = new ArrayList<>();
    private Throwable failure;

    private Espeak() {
        final NativeLibrary library = NativeLibrary.open(LIBRARIES);
        final FunctionDescriptor intOfAddress = FunctionDescriptor.of(JAVA_INT, ADDRESS);
        setVoice = NativeSymbols.bind(library, "espeak_SetVoiceByName", intOfAddress, false);
        setParameter = NativeSymbols.bind(
                library, "espeak_SetParameter", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), false);
        synth = NativeSymbols.bind(
                library,
                "espeak_Synth",
                FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS),
                false);
        // breath and unvoiced noise of some variants come from the C library's rand()
        seedNoise = NativeSymbols.bind(NativeLibrary.process(), "srand", FunctionDescriptor.ofVoid(JAVA_INT), false);
        sampleRateHz = start(library);
    }

    private int start(final NativeLibrary library) {
        final MethodHandle findData =
                NativeSymbols.bind(library, "espeak_ng_InitializePath", FunctionDescriptor.ofVoid(ADDRESS), false);
        final MethodHandle info =
                NativeSymbols.bind(library, "espeak_Info", FunctionDescriptor.of(ADDRESS, ADDRESS), false);
        final MethodHandle initialize = NativeSymbols.bind(
                library,
                "espeak_Initialize",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT),
                false);
        final MethodHandle setCallback =
                NativeSymbols.bind(library, "espeak_SetSynthCallback", FunctionDescriptor.ofVoid(ADDRESS), false);
        try (Arena arena = Arena.ofConfined()) {
            findData.invokeExact(MemorySegment.NULL);
            final MemorySegment path = arena.allocate(ADDRESS);
            final MemorySegment version = (MemorySegment) info.invokeExact(path);
            final Path original = Path.of(text(path.get(ADDRESS, 0)));
            final Path copy = EspeakData.stateless(original);
            final int rate = (int)
                    initialize.invokeExact(SYNCHRONOUS, BUFFER_MS, arena.allocateFrom(copy.toString()), DO_NOT_EXIT);
            if (rate <= 0) {
                throw new NativeBindingException(
                        "espeak-ng " + text(version) + " does not start",
                        List.of("espeak_Initialize returned " + rate + " with data from " + original, REMEDY));
            }
            setCallback.invokeExact(callback());
            return rate;
        } catch (final UncheckedIOException e) {
            throw new NativeBindingException(
                    "espeak-ng does not start", List.of(e.getMessage() + " (" + e.getCause() + ')', REMEDY));
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new AssertionError("espeak-ng is bound with a wrong signature", e);
        }
    }

    /**
     * The library, loaded.
     *
     * @throws NativeBindingException when it cannot be, with every reason and what to install
     */
    public static Espeak shared() {
        if (Shared.INSTANCE == null) {
            throw new NativeBindingException("espeak-ng cannot be used", Shared.REASONS);
        }
        return Shared.INSTANCE;
    }

    /** Why {@link #shared()} would fail, one sentence each; empty when it would not. */
    public static List<String> whyUnavailable() {
        return Shared.REASONS;
    }

    /** Samples per second of what is spoken: 22,050 with every voice known to us. */
    public int sampleRateHz() {
        return sampleRateHz;
    }

    /**
     * Speaks a text.
     *
     * @param voice who speaks
     * @param text at most 4096 characters
     * @return the samples, without the zeros that the library adds at the end: how many depends on what was said before
     * @throws IllegalArgumentException when the library does not know the voice
     */
    public synchronized EspeakSound speak(final EspeakVoice voice, final String text) {
        if (text.isBlank() || text.length() > MAX_TEXT) {
            throw new IllegalArgumentException(
                    "text has " + text.length() + " characters: expected 1 to " + MAX_TEXT + ", not all blank");
        }
        try (Arena arena = Arena.ofConfined()) {
            if ((int) setVoice.invokeExact(arena.allocateFrom(voice.name())) != 0) {
                throw new IllegalArgumentException("espeak-ng has no voice " + voice.name()
                        + ": expected one of espeak-ng --voices=en, then + and one of espeak-ng --voices=variant");
            }
            set(RATE, voice.wordsPerMinute());
            set(PITCH, voice.pitch());
            set(RANGE, voice.range());
            // settings take effect within the first clause after they change; the last clause is still about there
            synthesise(arena.allocateFrom(PRIMER), voice);
            synthesise(arena.allocateFrom(text), voice);
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new AssertionError("espeak-ng is bound with a wrong signature", e);
        }
        while (count > 0 && samples[count - 1] == 0) {
            count--;
        }
        return new EspeakSound(Arrays.copyOf(samples, count), List.copyOf(words));
    }

    private void synthesise(final MemorySegment text, final EspeakVoice voice) throws Throwable {
        count = 0;
        words.clear();
        failure = null;
        seedNoise.invokeExact(1);
        final int status = (int) synth.invokeExact(
                text, text.byteSize(), 0, CHARACTERS, 0, UTF8, MemorySegment.NULL, MemorySegment.NULL);
        if (status != 0 || failure != null) {
            throw new IllegalStateException(
                    "espeak-ng cannot speak \"" + text.getString(0) + "\" as " + voice + ": status " + status, failure);
        }
    }

    private void set(final int parameter, final int value) throws Throwable {
        final int status = (int) setParameter.invokeExact(parameter, value, 0);
        if (status != 0) {
            throw new IllegalStateException(
                    "espeak-ng refuses parameter " + parameter + " = " + value + ": status " + status);
        }
    }

    private MemorySegment callback() throws ReflectiveOperationException {
        final MethodType type = MethodType.methodType(int.class, MemorySegment.class, int.class, MemorySegment.class);
        final MethodHandle target =
                MethodHandles.lookup().findVirtual(Espeak.class, "accept", type).bindTo(this);
        return Linker.nativeLinker()
                .upcallStub(target, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS), Arena.global());
    }

    /** Called by the library, on the thread that speaks. An exception here would end the process. */
    private int accept(final MemorySegment wave, final int waveSamples, final MemorySegment events) {
        try {
            if (count + waveSamples > MAX_SAMPLES) {
                throw new IllegalStateException("more than " + MAX_SAMPLES + " samples");
            }
            if (wave.address() != 0 && waveSamples > 0) {
                if (count + waveSamples > samples.length) {
                    samples = Arrays.copyOf(samples, Math.max(2 * samples.length, count + waveSamples));
                }
                final MemorySegment source = wave.reinterpret((long) waveSamples * Short.BYTES);
                MemorySegment.copy(source, JAVA_SHORT, 0, samples, count, waveSamples);
                count += waveSamples;
            }
            acceptEvents(events);
            return 0;
        } catch (final Throwable e) {
            failure = e;
            return 1;
        }
    }

    private void acceptEvents(final MemorySegment events) {
        MemorySegment event = events.address() == 0 ? MemorySegment.NULL : events.reinterpret(EVENT_BYTES);
        while (event.address() != 0 && event.get(JAVA_INT, 0) != 0) {
            if (event.get(JAVA_INT, 0) == WORD_EVENT) {
                words.add(new EspeakSound.Word(
                        event.get(JAVA_INT, EVENT_TEXT_POSITION) - 1, event.get(JAVA_INT, EVENT_AUDIO_POSITION)));
            }
            event = MemorySegment.ofAddress(event.address() + EVENT_BYTES).reinterpret(EVENT_BYTES);
        }
    }

    private static String text(final MemorySegment address) {
        return address.address() == 0 ? "" : address.reinterpret(MAX_TEXT).getString(0);
    }

    /** Loads once, whoever asks first. */
    private static final class Shared {
        static final Espeak INSTANCE;
        static final List<String> REASONS;

        static {
            Espeak espeak = null;
            List<String> reasons = List.of();
            try {
                espeak = new Espeak();
            } catch (final NativeBindingException e) {
                reasons = new ArrayList<>(e.reasons());
                if (!reasons.contains(REMEDY)) {
                    reasons.add(REMEDY);
                }
            }
            INSTANCE = espeak;
            REASONS = List.copyOf(reasons);
        }
    }
}
