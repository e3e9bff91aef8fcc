package dev.tactus.tidy;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which module may know which: dependencies run one way, and CUDA is seen in few places.
 *
 * <pre>
 *   native-bindings ◀─ memory ◀─ kernels ◀─ engine ─▶ scheduler        src, bench: on top of all
 *                                             ▲
 *                                          scenarios
 * </pre>
 */
final class Edges {
    /** The project's own modules that a module's pom may name. */
    static final Map<String, Set<String>> POM = Map.of(
            "native-bindings", Set.of(),
            "memory", Set.of("native-bindings"),
            "kernels", Set.of("memory", "native-bindings"),
            "scheduler", Set.of(),
            "engine", Set.of("kernels", "memory", "scheduler"),
            "scenarios", Set.of("native-bindings", "kernels", "engine"),
            "src", Set.of("engine", "scenarios"),
            "bench", Set.of("native-bindings", "memory", "kernels", "scheduler", "engine", "app"));

    /** The modules whose packages a module's code may name. The application also sees what the engine passes on. */
    private static final Map<String, Set<String>> CODE = Map.of(
            "native-bindings", Set.of(),
            "memory", Set.of("native-bindings"),
            "kernels", Set.of("memory", "native-bindings"),
            "scheduler", Set.of(),
            "engine", Set.of("kernels", "memory", "scheduler"),
            "scenarios", Set.of("native-bindings", "memory", "kernels", "scheduler", "engine"),
            "src", Set.of("engine", "scenarios", "kernels", "memory", "scheduler", "native-bindings"),
            "bench", Set.of("native-bindings", "memory", "kernels", "scheduler", "engine", "scenarios", "src"),
            "examples", Set.of("engine", "kernels", "memory", "scheduler"));

    /** The module that owns {@code dev.tactus.<key>}. */
    private static final Map<String, String> OWNER = Map.ofEntries(
            Map.entry("bindings", "native-bindings"),
            Map.entry("posix", "native-bindings"),
            Map.entry("espeak", "native-bindings"),
            Map.entry("cuda", "native-bindings"),
            Map.entry("cudnn", "native-bindings"),
            Map.entry("cublaslt", "native-bindings"),
            Map.entry("softcuda", "native-bindings"),
            Map.entry("memory", "memory"),
            Map.entry("kernel", "kernels"),
            Map.entry("scheduler", "scheduler"),
            Map.entry("engine", "engine"),
            Map.entry("scenario", "scenarios"),
            Map.entry("app", "src"),
            Map.entry("tidy", "src"),
            Map.entry("bench", "bench"));

    private static final Set<String> CUDA = Set.of("cuda", "cudnn", "cublaslt");
    private static final Set<String> CUDA_MODULES = Set.of("native-bindings", "kernels", "bench");
    private static final List<String> CUDA_FILES =
            List.of("dev/tactus/memory/PinnedSlab", "dev/tactus/memory/DeviceSlab", "dev/tactus/engine/device/cuda/");

    private Edges() {}

    /** Why code in {@code file} of {@code module} may not name {@code dev.tactus.<part>}, or an empty text. */
    static String objection(final String module, final String file, final String part) {
        final String owner = OWNER.get(part);
        if (owner == null) {
            return "package dev.tactus." + part + " belongs to no module: name its module in Edges";
        }
        final boolean cuda = CUDA.contains(part);
        if (cuda && (CUDA_MODULES.contains(module) || CUDA_FILES.stream().anyMatch(file::contains))) {
            return "";
        }
        if (!owner.equals(module) && !CODE.getOrDefault(module, Set.of()).contains(owner)) {
            return module + " must not know " + owner + ": dependencies run one way, see Edges";
        }
        return cuda ? "CUDA is seen in native-bindings, kernels, memory's slabs and engine.device.cuda only" : "";
    }
}
