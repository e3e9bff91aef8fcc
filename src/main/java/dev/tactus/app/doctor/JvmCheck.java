package dev.tactus.app.doctor;

import dev.tactus.app.VectorModule;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** The JDK and the options it was started with. */
public final class JvmCheck {
    private static final int OLDEST_JDK = 25;

    private JvmCheck() {}

    /** The version, the options the engine needs, and the garbage collector. */
    public static List<Finding> findings() {
        return List.of(version(), options(), collector());
    }

    private static Finding version() {
        final String text = Runtime.version() + ", " + System.getProperty("java.vendor");
        return Runtime.version().feature() >= OLDEST_JDK
                ? Finding.ok("JDK", text)
                : Finding.fix("JDK", text, "install JDK " + OLDEST_JDK + " or newer");
    }

    private static Finding options() {
        final Module ours = JvmCheck.class.getModule();
        final List<String> missing = new ArrayList<>();
        if (!ours.isNativeAccessEnabled()) {
            missing.add("--enable-native-access=ALL-UNNAMED");
        }
        if (!Object.class.getModule().isExported("jdk.internal.misc", ours)) {
            missing.add("--add-exports java.base/jdk.internal.misc=ALL-UNNAMED");
        }
        try {
            VectorModule.load();
        } catch (final IllegalStateException ex) {
            missing.add("--add-modules jdk.incubator.vector");
        }
        return missing.isEmpty()
                ? Finding.ok("JVM options", "native access, Agrona's export and the Vector API are on")
                : Finding.fix(
                        "JVM options",
                        "missing: " + String.join(" ", missing),
                        "start with ./tactus, or give java these options");
    }

    private static Finding collector() {
        final List<String> names = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName)
                .toList();
        final String name = names.isEmpty() ? "none" : names.getFirst();
        if (name.startsWith("Shenandoah") || name.startsWith("ZGC") || name.startsWith("Epsilon")) {
            return Finding.ok("collector", name.split(" ")[0] + " (pauses in the order of a millisecond)");
        }
        return Finding.note(
                "collector",
                name + ": its pauses can cost a tick",
                "start with -XX:+UseShenandoahGC or, where the JDK lacks it, -XX:+UseZGC");
    }
}
