package dev.tactus.bench.report;

/** Shows what one bench wrote. Implementations hold no state. */
interface ReportSection {
    /** The bench whose files it shows, as they name it. */
    String bench();

    /** The heading, and what links to it says. */
    String title(BenchFile file);

    /**
     * Writes what comes under the heading.
     *
     * @throws IllegalArgumentException when the file lacks what is to be shown
     */
    void write(Markup page, BenchFile file);
}
