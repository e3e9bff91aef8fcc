package dev.tactus.scenario.eval;

import dev.tactus.scenario.Timeline;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Scores as JSON: settings, definitions, every measure with its numbers, and every trial. Stateless. */
public final class ScoresJson {
    private static final int VERSION = 1;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private ScoresJson() {}

    /**
     * Writes.
     *
     * @param settings what the scores are of, by name; texts, numbers, truth values and lists of them
     * @param scores the scores
     */
    public static byte[] write(final Map<String, Object> settings, final Scores scores) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("version", VERSION);
        out.put("settings", settings);
        final Map<String, Object> groups = new LinkedHashMap<>();
        scores.groups().forEach((name, results) -> groups.put(name, group(scores.trials(name), results)));
        out.put("groups", groups);
        out.put("all", group(scores.trials().size(), scores.all()));
        final Map<String, Object> definitions = new LinkedHashMap<>();
        for (final Measure measure : Measure.values()) {
            definitions.put(name(measure), measure.definition());
        }
        out.put("definitions", definitions);
        out.put("trials", scores.trials().stream().map(ScoresJson::trial).toList());
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(out);
    }

    private static String name(final Measure measure) {
        return measure.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Object> group(final long trials, final Map<Measure, Result> results) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("episodes", trials);
        results.forEach((measure, result) -> out.put(name(measure), result(result)));
        return out;
    }

    private static Map<String, Object> result(final Result result) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("n", result.n());
        if (result.n() == 0) {
            // no share, no time: JSON has no NaN
            return out;
        }
        if (result instanceof Rate rate) {
            out.put("hits", rate.hits());
            out.put("share", rate.share());
            interval(out, rate.interval());
        } else if (result instanceof Spread spread) {
            out.put("p50_ms", spread.p50());
            out.put("p90_ms", spread.p90());
            out.put("max_ms", spread.max());
        } else if (result instanceof WordErrors errors) {
            out.put("rate", errors.rate());
            interval(out, errors.interval());
            out.put("substitutions", errors.substitutions());
            out.put("insertions", errors.insertions());
            out.put("deletions", errors.deletions());
        } else if (result instanceof PerMinute minutes) {
            out.put("events", minutes.events());
            out.put("minutes", minutes.minutes());
            out.put("per_minute", minutes.rate());
            interval(out, minutes.interval());
        }
        return out;
    }

    private static void interval(final Map<String, Object> out, final Wilson interval) {
        out.put("low_95", interval.low());
        out.put("high_95", interval.high());
    }

    private static Map<String, Object> trial(final TrialRecord trial) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("group", trial.group());
        out.put("name", trial.name());
        out.put("ticks", trial.ticks());
        out.put(
                "words",
                trial.timeline().words().stream()
                        .map(word -> entry(
                                "start_ms",
                                word.startMs(),
                                "end_ms",
                                word.endMs(),
                                "text",
                                word.text(),
                                "voice",
                                word.voice(),
                                "role",
                                word.role()))
                        .toList());
        out.put(
                "typed",
                trial.timeline().typed().stream()
                        .map(typed -> entry("at_ms", typed.atMs(), "text", typed.text()))
                        .toList());
        out.put(
                "pauses",
                trial.timeline().pauses().stream()
                        .filter(Timeline.Pause::hesitation)
                        .map(pause -> entry("start_ms", pause.startMs(), "end_ms", pause.endMs()))
                        .toList());
        out.put(
                "interruptions",
                trial.timeline().interruptions().stream()
                        .map(one -> entry("start_ms", one.startMs(), "known_ms", one.knownMs()))
                        .toList());
        out.put("speeches", speeches(trial.timeline()));
        out.put(
                "captions",
                trial.captions().stream()
                        .map(caption -> entry("tick", caption.tick(), "text", caption.text()))
                        .toList());
        out.put(
                "remarks",
                trial.remarks().stream()
                        .map(remark -> entry(
                                "tick",
                                remark.tick(),
                                "text",
                                String.join(" ", remark.words()),
                                "say_ticks",
                                remark.sayTicks(),
                                "last_tick",
                                remark.lastTick(),
                                "cut",
                                remark.cut()))
                        .toList());
        out.put("cut_ticks", trial.cutTicks());
        return out;
    }

    private static List<Map<String, Object>> speeches(final Timeline timeline) {
        return timeline.speeches().stream()
                .map(speech -> entry(
                        "reason",
                        speech.reason(),
                        "text",
                        speech.text(),
                        "cause_ms",
                        speech.causeMs(),
                        "tick",
                        speech.tick(),
                        "say_ticks",
                        speech.sayTicks(),
                        "interrupted",
                        speech.interrupted()))
                .toList();
    }

    private static Map<String, Object> entry(final Object... namesAndValues) {
        final Map<String, Object> out = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            out.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return out;
    }
}
