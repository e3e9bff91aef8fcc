package dev.tactus.bench.stress;

import java.util.List;
import java.util.Optional;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;
import org.openjdk.jcstress.infra.grading.ReportUtils;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * What jcstress found of one test, over all compilers.
 *
 * @param test the test's short name
 * @param rounds how often it was run
 * @param verdict whether all of them were acceptable
 * @param outcomes what came, and what it means
 */
public record StressResult(String test, long rounds, Verdict verdict, List<Outcome> outcomes) {
    /** What is to be said of a test. */
    public enum Verdict {
        /** Every outcome is allowed. */
        PASSED,
        /** An outcome is forbidden, or an actor threw. */
        FAILED,
        /** There are fewer processors than actors. */
        NOT_RUN,
        /** jcstress has no result of it, though it could be run. */
        BROKEN
    }

    /**
     * An outcome that came.
     *
     * @param id what the actors saw
     * @param count how often
     * @param expect whether that is allowed: forbidden where the test does not know it
     * @param why why it is allowed or forbidden
     */
    public record Outcome(String id, long count, Expect expect, String why) {}

    /** Copies the outcomes. */
    public StressResult {
        outcomes = List.copyOf(outcomes);
    }

    static StressResult of(final String test, final Optional<TestResult> result) {
        final String name = shortName(test);
        if (result.isEmpty()) {
            return new StressResult(name, 0, canRun(test) ? Verdict.BROKEN : Verdict.NOT_RUN, List.of());
        }
        final List<Outcome> outcomes = result.get().grading().gradingResults.values().stream()
                .filter(graded -> graded.count > 0)
                .map(StressResult::outcome)
                .toList();
        final boolean passed = result.get().grading().isPassed && ReportUtils.statusToPassed(result.get());
        return new StressResult(name, result.get().getTotalCount(), passed ? Verdict.PASSED : Verdict.FAILED, outcomes);
    }

    private static Outcome outcome(final GradingResult graded) {
        return new Outcome(graded.id, graded.count, graded.expect, graded.description);
    }

    /** Whether this machine has a processor for every actor of a test. */
    static boolean canRun(final String test) {
        final TestInfo info = TestList.getInfo(test);
        return info.threads() <= Runtime.getRuntime().availableProcessors();
    }

    static String shortName(final String test) {
        return test.substring(test.lastIndexOf('.') + 1);
    }

    /** Whether nothing speaks against the code under test. */
    public boolean isGood() {
        return verdict == Verdict.PASSED || verdict == Verdict.NOT_RUN;
    }
}
