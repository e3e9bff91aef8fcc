package dev.tactus.tidy;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What code must not name, where it may after all, and what to use instead. */
final class BannedCalls {
    private static final Set<String> APPLICATIONS = Set.of("src", "bench", "examples");

    private static final List<Ban> BANS = List.of(
            ban("System\\.(out|err)", "return it or throw it: only the application prints", BannedCalls::inApplication),
            ban("System\\.exit", "throw: only the application ends the process", BannedCalls::inApplication),
            ban(
                    "System\\.(nanoTime|currentTimeMillis)|(Instant|LocalDate|LocalDateTime|ZonedDateTime)\\.now",
                    "take a clock: only the clock classes read time",
                    place -> inApplication(place) || place.file().endsWith("Clock.java")),
            ban(
                    "new Thread|Thread\\.(ofPlatform|ofVirtual|startVirtualThread)|Executors\\.\\w+",
                    "take a ThreadFactory: only the launching classes start threads",
                    place -> inApplication(place)
                            || place.file().endsWith("EngineContext.java")
                            || place.file().endsWith("Launcher.java")
                            || place.file().endsWith("Threads.java")),
            ban(
                    "java\\.util\\.Random|java\\.security\\.SecureRandom|new (Random|SecureRandom|SplittableRandom)",
                    "draw from Philox, so that a run can be repeated",
                    place -> place.test() || place.module().equals("bench")),
            ban(
                    "Math\\.random|ThreadLocalRandom\\.current|new Random\\(\\)",
                    "draw from a seed, so that a run can be repeated",
                    place -> false),
            ban(
                    "java\\.lang\\.foreign\\.(Linker|SymbolLookup)",
                    "bind through dev.tactus.bindings.NativeSymbols",
                    place -> place.module().equals("native-bindings") || place.test()),
            ban("sun\\.misc\\.Unsafe", "use MemorySegment or dev.tactus.memory.OffHeap", place -> false));

    private BannedCalls() {}

    /** Where something is named. */
    record Place(String module, String file, boolean test) {}

    private record Ban(Pattern name, String instead, Predicate<Place> allowed) {}

    private static Ban ban(final String name, final String instead, final Predicate<Place> allowed) {
        return new Ban(Pattern.compile(name), instead, allowed);
    }

    private static boolean inApplication(final Place place) {
        return APPLICATIONS.contains(place.module()) || place.test();
    }

    /** Why {@code name} is not welcome at {@code place}, or an empty text. */
    static String objection(final Place place, final String name) {
        for (final Ban ban : BANS) {
            if (ban.name().matcher(name).matches() && !ban.allowed().test(place)) {
                return name + ": " + ban.instead();
            }
        }
        return "";
    }
}
