package dev.tactus.kernel.cuda;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code build.sh} wrote beside the kernels: one line per kernel. */
final class KernelManifest {
    private static final Pattern SOURCES = Pattern.compile("\"sources\": \"([0-9a-f]{64})\"");
    private static final Pattern KERNEL =
            Pattern.compile("^ *\"(tactus_\\w+)\": \\{\"parameters\": \\[([0-9, ]*)]", Pattern.MULTILINE);

    private final String sources;
    private final Map<String, int[]> parameterBytes = new LinkedHashMap<>();

    private KernelManifest(final String sources) {
        this.sources = sources;
    }

    /**
     * Reads a manifest.
     *
     * @throws IllegalArgumentException when it has no hash or no kernels
     */
    static KernelManifest parse(final String json) {
        final Matcher hash = SOURCES.matcher(json);
        if (!hash.find()) {
            throw new IllegalArgumentException("the manifest of the CUDA kernels has no hash of its sources");
        }
        final KernelManifest manifest = new KernelManifest(hash.group(1));
        final Matcher kernel = KERNEL.matcher(json);
        while (kernel.find()) {
            final String sizes = kernel.group(2);
            manifest.parameterBytes.put(
                    kernel.group(1),
                    Arrays.stream(sizes.split(", "))
                            .filter(size -> !size.isEmpty())
                            .mapToInt(Integer::parseInt)
                            .toArray());
        }
        if (manifest.parameterBytes.isEmpty()) {
            throw new IllegalArgumentException("the manifest of the CUDA kernels names none");
        }
        return manifest;
    }

    /** SHA-256 of the sources. */
    String sources() {
        return sources;
    }

    /** The kernels' names. */
    Set<String> kernels() {
        return parameterBytes.keySet();
    }

    /** Bytes of each parameter of a kernel. */
    int[] parameterBytes(final String kernel) {
        return parameterBytes.get(kernel);
    }
}
