package dev.tactus.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The files through which the driver's library reaches the kernel module, as this user sees them.
 *
 * @param present all of them, sorted
 * @param forbidden those that this user may not open for reading and writing
 */
record DeviceNodes(List<String> present, List<String> forbidden) {
    /** The nodes in {@code folder}, which is {@code /dev} on a real machine. */
    static DeviceNodes in(final Path folder) {
        return in(folder, node -> Files.isReadable(node) && Files.isWritable(node));
    }

    /** The same with another idea of what may be opened. */
    static DeviceNodes in(final Path folder, final Predicate<Path> openable) {
        try (Stream<Path> files = Files.list(folder)) {
            final List<Path> nodes = files.filter(
                            file -> file.getFileName().toString().matches("nvidia(\\d+|ctl|-uvm)"))
                    .sorted()
                    .toList();
            return new DeviceNodes(
                    nodes.stream().map(Path::toString).toList(),
                    nodes.stream()
                            .filter(node -> !openable.test(node))
                            .map(Path::toString)
                            .toList());
        } catch (final IOException ex) {
            return new DeviceNodes(List.of(), List.of()); // no such folder: not Linux
        }
    }
}
