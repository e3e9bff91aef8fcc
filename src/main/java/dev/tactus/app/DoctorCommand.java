package dev.tactus.app;

import dev.tactus.app.doctor.CpuCheck;
import dev.tactus.app.doctor.Finding;
import dev.tactus.app.doctor.GpuCheck;
import dev.tactus.app.doctor.JvmCheck;
import dev.tactus.app.doctor.KernelCheck;
import dev.tactus.app.doctor.MemoryCheck;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code tactus doctor}: looks at this machine and says what tactus can use of it, and what would make it faster. */
@Command(
        name = "doctor",
        description = "Look at this machine: what tactus uses of it, and what would help. Always exits 0.")
public final class DoctorCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Prints one aligned line per finding. */
    @Override
    public void run() {
        final List<Finding> findings = new ArrayList<>();
        findings.addAll(JvmCheck.findings());
        findings.addAll(CpuCheck.findings());
        findings.addAll(KernelCheck.findings());
        findings.addAll(MemoryCheck.findings());
        findings.addAll(GpuCheck.findings());
        print(findings, spec.commandLine().getOut());
    }

    private static void print(final List<Finding> findings, final PrintWriter out) {
        out.printf(
                "tactus %s on %s %s, %s%n%n",
                Version.release(),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"));
        final int width =
                findings.stream().mapToInt(f -> f.subject().length()).max().orElse(0);
        for (final Finding finding : findings) {
            final String level = finding.level().name().toLowerCase(Locale.ROOT);
            out.printf("  %-4s  %-" + width + "s  %s%n", level, finding.subject(), finding.text());
            if (!finding.remedy().isEmpty()) {
                out.printf("  %-4s  %-" + width + "s  -> %s%n", "", "", finding.remedy());
            }
        }
        out.flush();
    }
}
