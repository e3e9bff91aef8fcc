package dev.tactus.bench.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * One page that needs nothing beside itself: style and drawings are in it, and it loads nothing. It is HTML and
 * well-formed XML.
 */
public final class ReportPage {
    private static final List<ReportSection> SECTIONS = List.of(new OverloadSection());
    private static final double BYTES_PER_GIB = 1L << 30;

    private ReportPage() {}

    /**
     * The page.
     *
     * @param files in the order in which they are to be shown
     * @throws IllegalArgumentException when a file is of a bench that has no section yet, or lacks what is to be shown
     */
    public static String of(final List<BenchFile> files) {
        final Markup page = new Markup();
        page.open("html", "lang", "en", "xmlns", "http://www.w3.org/1999/xhtml");
        page.open("head");
        page.empty("meta", "charset", "utf-8");
        page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        page.empty("meta", "name", "color-scheme", "content", "light dark");
        page.element("title", "Tactus: what the benches measured");
        page.open("style").raw(style()).close();
        page.close();
        page.open("body");
        page.open("header").element("h1", "What the benches measured");
        machines(page, files);
        page.close();
        if (files.size() > 1) {
            contents(page, files);
        }
        page.open("main");
        for (int i = 0; i < files.size(); i++) {
            final BenchFile file = files.get(i);
            final ReportSection section = section(file);
            page.open("section", "id", "s" + i);
            page.element("h2", section.title(file));
            section.write(page, file);
            run(page, file);
            page.close();
        }
        page.close();
        page.close().close();
        return "<!DOCTYPE html>\n" + page;
    }

    private static ReportSection section(final BenchFile file) {
        return SECTIONS.stream()
                .filter(section -> section.bench().equals(file.bench()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(file.name() + " is of bench " + file.bench()
                        + ": expected one of "
                        + SECTIONS.stream().map(ReportSection::bench).collect(Collectors.joining(", "))));
    }

    private static void contents(final Markup page, final List<BenchFile> files) {
        page.open("nav").open("ul");
        for (int i = 0; i < files.size(); i++) {
            page.open("li")
                    .element("a", section(files.get(i)).title(files.get(i)), "href", "#s" + i)
                    .close();
        }
        page.close().close();
    }

    /** What the figures were measured on: once, where all files are of one machine. */
    private static void machines(final Markup page, final List<BenchFile> files) {
        final Set<JsonNode> shown = new LinkedHashSet<>();
        for (final BenchFile file : files) {
            final JsonNode facts = file.root().path("facts");
            if (facts.isObject() && shown.add(facts)) {
                page.open("dl", "class", "facts");
                fact(page, "CPU", facts.path("cpu").asString("unknown"));
                fact(page, "CPUs", facts.path("cpus").asString("unknown"));
                fact(
                        page,
                        "memory",
                        String.format(
                                Locale.ROOT,
                                "%.1f GiB",
                                facts.path("memory_bytes").asDouble(0) / BYTES_PER_GIB));
                fact(page, "system", facts.path("os").asString("unknown"));
                fact(page, "JDK", facts.path("jdk").asString("unknown"));
                page.close();
            }
        }
    }

    private static void run(final Markup page, final BenchFile file) {
        page.open("dl", "class", "facts");
        fact(page, "model", file.text("model"));
        fact(page, "kernels", file.text("kernels"));
        fact(page, "measured", file.text("date"));
        page.element("dt", "command")
                .open("dd")
                .element("code", file.text("command"))
                .close();
        page.close();
    }

    private static void fact(final Markup page, final String name, final String value) {
        if (!value.isEmpty()) {
            page.element("dt", name).element("dd", value);
        }
    }

    private static String style() {
        try (InputStream in = ReportPage.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (final IOException ex) {
            throw new UncheckedIOException("the style sheet of the report could not be read", ex);
        }
    }
}
