package dev.tactus.scenario;

import dev.tactus.engine.audio.InvalidMediaException;
import dev.tactus.scenario.Timeline.Crossing;
import dev.tactus.scenario.Timeline.Flash;
import dev.tactus.scenario.Timeline.HeardWord;
import dev.tactus.scenario.Timeline.Interruption;
import dev.tactus.scenario.Timeline.Pause;
import dev.tactus.scenario.Timeline.Reason;
import dev.tactus.scenario.Timeline.Role;
import dev.tactus.scenario.Timeline.Speech;
import dev.tactus.scenario.Timeline.Turn;
import dev.tactus.scenario.Timeline.TypedText;
import dev.tactus.scenario.language.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The {@code timeline.json} of an {@link EpisodeFolder}. Stateless. */
final class TimelineJson {
    private static final int VERSION = 1;
    /** An hour of speech has some 10,000 words of 100 bytes each. */
    private static final long MAX_BYTES = 64L << 20;

    private static final int MAX_MS = GeneratorSettings.MAX_TICKS * Episode.TICK_MS;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private TimelineJson() {}

    /**
     * What the file says.
     *
     * @param seed 0 unless told
     * @param family its name, or an empty text
     * @param split its name, or an empty text
     * @param ticks 0 unless told
     * @param framesPerSecond of the pictures
     * @param timeline what happens
     * @param faults what goes wrong
     * @param targets what should come out, or null if not told
     */
    record Content(
            long seed,
            String family,
            String split,
            int ticks,
            double framesPerSecond,
            Timeline timeline,
            Faults faults,
            Targets targets) {}

    static byte[] write(final Episode episode) {
        final Map<String, Object> out = new LinkedHashMap<>();
        final Timeline timeline = episode.timeline();
        out.put("version", VERSION);
        out.put("seed", episode.seed());
        episode.family().ifPresent(family -> out.put("family", family.name()));
        episode.split().ifPresent(split -> out.put("split", split.name()));
        out.put("ticks", episode.ticks());
        out.put("frames_per_second", 1000.0 / Episode.TICK_MS);
        out.put("words", list(timeline.words(), TimelineJson::word));
        out.put("typed", list(timeline.typed(), text -> entry("at_ms", text.atMs(), "text", text.text())));
        out.put("turns", list(timeline.turns(), TimelineJson::turn));
        out.put("pauses", list(timeline.pauses(), TimelineJson::pause));
        out.put("interruptions", list(timeline.interruptions(), TimelineJson::interruption));
        out.put("flashes", list(timeline.flashes(), TimelineJson::flash));
        out.put("crossings", list(timeline.crossings(), TimelineJson::crossing));
        out.put("speeches", list(timeline.speeches(), TimelineJson::speech));
        final Faults faults = episode.faults();
        out.put(
                "faults",
                entry(
                        "absent_slots", faults.absentSlots().stream().toArray(),
                        "missing_frames", faults.missingFrames().stream().toArray(),
                        "skipped_ticks", faults.skippedTicks().stream().toArray(),
                        "cuts", faults.cuts().stream().toArray()));
        out.put("targets", targets(episode));
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(out);
    }

    private static Object word(final HeardWord word) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("start_ms", word.startMs());
        out.put("end_ms", word.endMs());
        out.put("text", word.text());
        out.put("voice", word.voice());
        out.put("role", word.role().name());
        return out;
    }

    private static Object turn(final Turn turn) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("start_ms", turn.startMs());
        out.put("end_ms", turn.endMs());
        out.put("text", turn.text());
        out.put("role", turn.role().name());
        out.put("complete", turn.complete());
        return out;
    }

    private static Object pause(final Pause pause) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("start_ms", pause.startMs());
        out.put("end_ms", pause.endMs());
        out.put("hesitation", pause.hesitation());
        return out;
    }

    private static Object interruption(final Interruption interruption) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("start_ms", interruption.startMs());
        out.put("known_ms", interruption.knownMs());
        out.put("tick", interruption.tick());
        return out;
    }

    private static Object flash(final Flash flash) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("start_ms", flash.startMs());
        out.put("end_ms", flash.endMs());
        out.put("number", flash.number());
        return out;
    }

    private static Object crossing(final Crossing crossing) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("at_ms", crossing.atMs());
        out.put("announced", crossing.announced());
        return out;
    }

    private static Object speech(final Speech speech) {
        final Map<String, Object> out = new LinkedHashMap<>();
        out.put("reason", speech.reason().name());
        out.put("text", speech.text());
        out.put("cause_ms", speech.causeMs());
        out.put("tick", speech.tick());
        out.put("say_ticks", speech.sayTicks());
        out.put("interrupted", speech.interrupted());
        return out;
    }

    private static List<Object> targets(final Episode episode) {
        final Targets targets = episode.targets();
        return IntStream.range(0, episode.ticks())
                .filter(tick -> targets.hear()[tick].length + targets.speak()[tick].length > 0
                        || targets.say().get(tick)
                        || targets.cuts().get(tick))
                .<Object>mapToObj(tick -> entry(
                        "tick",
                        tick,
                        "hear",
                        words(targets.hear()[tick]),
                        "speak",
                        words(targets.speak()[tick]),
                        "say",
                        targets.say().get(tick),
                        "cut",
                        targets.cuts().get(tick)))
                .toList();
    }

    private static String words(final int[] ids) {
        return String.join(" ", Arrays.stream(ids).mapToObj(Vocabulary::word).toList());
    }

    private static <T> List<Object> list(final List<T> items, final Function<T, Object> entry) {
        return items.stream().map(entry).toList();
    }

    private static Map<String, Object> entry(final Object... namesAndValues) {
        final Map<String, Object> out = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            out.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return out;
    }

    static Content read(final Path file) throws IOException {
        final String name = file.toString();
        final long bytes = Files.size(file);
        if (bytes > MAX_BYTES) {
            throw new InvalidMediaException(name, "size", bytes + " bytes", "at most " + MAX_BYTES);
        }
        final JsonNode json;
        try {
            json = MAPPER.readTree(Files.readAllBytes(file));
        } catch (final JacksonException e) {
            throw new InvalidMediaException(name, "content", e.getOriginalMessage(), "JSON", e);
        }
        if (!json.isObject()) {
            throw new InvalidMediaException(name, "content", "no object", "a JSON object");
        }
        final Fields top = new Fields(name, json);
        if (top.integer("version", VERSION, 1, 1 << 20) != VERSION) {
            throw new InvalidMediaException(name, "version", json.get("version"), String.valueOf(VERSION));
        }
        final int ticks = top.integer("ticks", 0, 0, GeneratorSettings.MAX_TICKS);
        final Fields faults = new Fields(name + ": faults", json.path("faults"));
        final Timeline timeline = timeline(top);
        return new Content(
                json.path("seed").asLong(0),
                top.text("family", ""),
                top.text("split", ""),
                ticks,
                json.path("frames_per_second").asDouble(1000.0 / Episode.TICK_MS),
                timeline,
                new Faults(
                        faults.bits("absent_slots"),
                        faults.bits("missing_frames"),
                        faults.bits("skipped_ticks"),
                        faults.bits("cuts")),
                json.has("targets") ? targets(name, top, ticks, timeline) : null);
    }

    private static Timeline timeline(final Fields top) {
        return new Timeline(
                top.list(
                        "words",
                        word -> new HeardWord(
                                word.ms("start_ms"),
                                word.ms("end_ms"),
                                word.word("text"),
                                word.text("voice", ""),
                                word.one(Role.class, "role", Role.RANDOM))),
                top.list("typed", text -> new TypedText(text.ms("at_ms"), text.words("text"))),
                top.list(
                        "turns",
                        turn -> new Turn(
                                turn.ms("start_ms"),
                                turn.ms("end_ms"),
                                turn.words("text"),
                                turn.one(Role.class, "role", Role.RANDOM),
                                turn.flag("complete"))),
                top.list(
                        "pauses",
                        pause -> new Pause(pause.ms("start_ms"), pause.ms("end_ms"), pause.flag("hesitation"))),
                top.list(
                        "interruptions",
                        one -> new Interruption(
                                one.ms("start_ms"), one.ms("known_ms"), one.integer("tick", 0, 0, MAX_MS))),
                top.list(
                        "flashes",
                        flash -> new Flash(
                                flash.ms("start_ms"), flash.ms("end_ms"), flash.integer("number", 0, 0, MAX_MS))),
                top.list("crossings", one -> new Crossing(one.ms("at_ms"), one.flag("announced"))),
                top.list(
                        "speeches",
                        speech -> new Speech(
                                speech.one(Reason.class, "reason", Reason.REPLY),
                                speech.words("text"),
                                speech.ms("cause_ms"),
                                speech.integer("tick", 0, 0, GeneratorSettings.MAX_TICKS),
                                speech.integer("say_ticks", 0, 0, GeneratorSettings.MAX_TICKS),
                                speech.flag("interrupted"))));
    }

    private static Targets targets(final String name, final Fields top, final int ticks, final Timeline timeline) {
        if (ticks == 0) {
            throw new InvalidMediaException(name, "ticks", "none", "a number above 0 where there are targets");
        }
        final Targets out = Targets.quiet(ticks);
        for (final Fields target : top.list("targets", fields -> fields)) {
            final int tick = target.integer("tick", -1, 0, ticks - 1);
            out.hear()[tick] = Vocabulary.ids(Vocabulary.split(target.words("hear")));
            out.speak()[tick] = Vocabulary.ids(Vocabulary.split(target.words("speak")));
            out.say().set(tick, target.flag("say"));
            out.cuts().set(tick, target.flag("cut"));
        }
        for (final TypedText text : timeline.typed()) {
            final int tick = text.atMs() / Episode.TICK_MS;
            if (tick < ticks) {
                final int[] more = Vocabulary.ids(Vocabulary.split(text.text()));
                out.typed()[tick] = IntStream.concat(Arrays.stream(out.typed()[tick]), Arrays.stream(more))
                        .toArray();
            }
        }
        return out;
    }

    /** The fields of an object, checked as they are read. */
    private record Fields(String file, JsonNode json) {
        int ms(final String name) {
            return integer(name, -1, 0, MAX_MS);
        }

        int integer(final String name, final int absent, final int min, final int max) {
            final JsonNode value = json.get(name);
            if (value == null && absent >= min) {
                return absent;
            }
            final boolean fits = value != null && value.isIntegralNumber() && value.canConvertToInt();
            if (!fits || value.asInt() < min || value.asInt() > max) {
                throw invalid(name, value, "an integer from " + min + " to " + max);
            }
            return value.asInt();
        }

        boolean flag(final String name) {
            final JsonNode value = json.get(name);
            if (value != null && !value.isBoolean()) {
                throw invalid(name, value, "true or false");
            }
            return value != null && value.asBoolean();
        }

        String text(final String name, final String absent) {
            final JsonNode value = json.get(name);
            if (value == null && absent != null) {
                return absent;
            }
            if (value == null || !value.isString()) {
                throw invalid(name, value, "a text");
            }
            return value.asString();
        }

        String words(final String name) {
            final String text = text(name, null);
            for (final String word : Vocabulary.split(text)) {
                if (!Vocabulary.contains(word)) {
                    throw invalid(name, '"' + word + '"', "words of " + Vocabulary.all());
                }
            }
            return text;
        }

        String word(final String name) {
            final String text = words(name);
            if (Vocabulary.split(text).size() != 1) {
                throw invalid(name, '"' + text + '"', "one word");
            }
            return text;
        }

        <E extends Enum<E>> E one(final Class<E> type, final String name, final E absent) {
            final String text = text(name, absent.name());
            for (final E value : type.getEnumConstants()) {
                if (value.name().equals(text)) {
                    return value;
                }
            }
            throw invalid(name, '"' + text + '"', "one of " + Arrays.toString(type.getEnumConstants()));
        }

        <T> List<T> list(final String name, final Function<Fields, T> item) {
            final List<T> out = new ArrayList<>();
            final JsonNode array = json.get(name);
            if (array != null && !array.isArray()) {
                throw invalid(name, array, "an array");
            }
            for (int i = 0; array != null && i < array.size(); i++) {
                if (!array.get(i).isObject()) {
                    throw invalid(name + '[' + i + ']', array.get(i), "an object");
                }
                out.add(item.apply(new Fields(file + ": " + name + '[' + i + ']', array.get(i))));
            }
            return out;
        }

        BitSet bits(final String name) {
            final BitSet out = new BitSet();
            final JsonNode array = json.get(name);
            for (int i = 0; array != null && i < array.size(); i++) {
                final int value = array.get(i).isIntegralNumber() ? array.get(i).asInt() : -1;
                if (value < 0 || value > MAX_MS) {
                    throw invalid(name + '[' + i + ']', array.get(i), "an integer from 0 to " + MAX_MS);
                }
                out.set(value);
            }
            return out;
        }

        private InvalidMediaException invalid(final String name, final Object found, final String allowed) {
            return new InvalidMediaException(file, name, found == null ? "nothing" : found, allowed);
        }
    }
}
