package dev.tactus.bench;

import dev.tactus.bench.report.BenchFile;
import dev.tactus.bench.report.ReportPage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench report}: draws what benches wrote. */
@Command(
        name = "report",
        description = "Make one HTML page of what benches wrote with --out: curves, tables, the machine and the"
                + " commands. The page needs no network.")
public final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--in",
            arity = "1..*",
            required = true,
            paramLabel = "FILE",
            description = "What benches wrote; a section each, in this order.")
    private List<Path> in;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The page.")
    private Path page;

    /** Reads, draws and writes. */
    @Override
    public Integer call() throws IOException {
        final List<BenchFile> files = new ArrayList<>();
        for (final Path file : in) {
            files.add(BenchFile.read(file));
        }
        Files.writeString(page, ReportPage.of(files));
        final PrintWriter out = spec.commandLine().getOut();
        out.println("wrote " + page + ", " + (files.size() == 1 ? "1 section" : files.size() + " sections"));
        out.flush();
        return 0;
    }
}
