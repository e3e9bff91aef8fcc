package dev.tactus.scenario.eval;

/**
 * What is measured, with its exact definition. The milliseconds are those of the timeline; tick k ends at 200·(k + 1).
 * A measure for which the episodes gave no occasion has no result; one for which the model gave none has n = 0.
 */
public enum Measure {
    /** All captions. */
    CAPTION_ERRORS(
            "caption word errors",
            "Words of HEAR against the words that were said, in the order of their ends: substitutions, insertions and"
                    + " deletions of the Levenshtein alignment with the fewest errors (of several, one with the"
                    + " most right words, and of those the one with the nearest times), per word said. Only"
                    + " words that end 600 ms before the episode or earlier count;"
                    + " an insertion belongs to the word before it."),
    /** Captions of random words. */
    CAPTION_RANDOM(
            "  of random words", "The same, only words that are no part of a command, backchannel or side talk."),
    /** Captions of commands. */
    CAPTION_COMMAND("  of commands", "The same, only words of commands, complete or not."),
    /** When captions come. */
    CAPTION_LATENCY(
            "word latency", "From a word's end to the end of the tick that showed it; words that were shown right."),
    /** Short pauses. */
    TAKEOVER_1000(
            "takeover in pauses up to 1.0 s",
            "Pauses inside a command (the words before are the beginning of one) that the model took for its turn: a"
                    + " remark begins (end of its first tick) after the start of the pause and at most 400 ms, the"
                    + " time of a reply, after its end; or one that began before goes on in a tick that ends in the"
                    + " pause. What is due then for another reason, and has the right words, is no takeover for its"
                    + " ticks of SAY and two more; nor is an answer, if wrong, to the command that is complete by"
                    + " then."),
    /** Very short pauses. */
    TAKEOVER_500("  of 0.2 to 0.5 s", "The same, by the length of the pause."),
    /** Pauses of up to a second. */
    TAKEOVER_500_1000("  over 0.5, up to 1.0 s", "The same."),
    /** Long pauses. */
    TAKEOVER_2000("takeover in pauses over 1.0 s, up to 2.0 s", "The same."),
    /** Commands that are never finished. */
    TAKEOVER_ABANDONED("takeover after abandoned commands", "The same, pauses over 2.0 s."),
    /** Answers at all. */
    ANSWERED(
            "commands answered",
            "Complete commands, spoken or typed, after which the model says anything: the remark with the right words"
                    + " that begins within 3 s, else the first remark within 2 s that answers nothing else. A remark is"
                    + " the text of SPEAK, which goes on in the next tick only if it had no room in this one, and the"
                    + " speech after it. Commands that a perfect model would not answer, or that end less than 1 s"
                    + " before the episode, are left out."),
    /** Right answers. */
    RIGHT_REPLY(
            "right reply",
            "The same commands; the answer has exactly the right words. Of an answer that is interrupted, a beginning"
                    + " suffices."),
    /** Voices that keep silent. */
    SPOKEN_ALOUD(
            "replies spoken aloud",
            "The same commands, those that the model answers and a perfect one answers aloud: the answer, right or not,"
                    + " has a tick of SAY at least."),
    /** Guessing. */
    WRONG_REMARK(
            "commands with a wrong remark",
            "The same commands: a remark without the right words for anything that is due then, a wrong answer too,"
                    + " begins within 3 s after the command and before the next one ends. A right reply beside it"
                    + " changes nothing."),
    /** How fast answers come. */
    RESPONSE_LATENCY(
            "response latency",
            "From the end of the command's last word, or from the arrival of the text, to the end of the first tick of"
                    + " the answer, right or not. Left out where a perfect model has to say something else first."),
    /** Mid-sentence corrections. */
    CORRECTION_OBEYED(
            "correction obeyed",
            "Commands in which the user corrects a word (\"red no blue\") with the right reply; where the time of"
                    + " something to be said was corrected, that must come within ±400 ms as well."),
    /** How long the model goes on after an interruption. */
    STOP_LATENCY(
            "stop latency",
            "Overlap after an interruption: from the end of \"stop\" or of the wake word, said while the model speaks,"
                    + " to the end of the last block as it is heard, 200·(k + 2) for tick k: the last tick before the"
                    + " first without SAY, counted from the last in which a perfect model may still speak. New text"
                    + " does not end it, unless a right answer to something else that is due begins. Only where"
                    + " the model spoke in one of the two last ticks in which a perfect one may still speak."),
    /** How long both speak. */
    STOP_OVERLAP("overlap since the word's start", "The same interruptions, from the start of the word."),
    /** Whether it stops soon. */
    STOPPED("stopped within 400 ms", "The same interruptions; the stop latency is at most 400 ms."),
    /** Cuts of the listener's side. */
    CUT_OBEYED(
            "stopped when cut",
            "Ticks with <cut> in their input because the listener's side cut the speech, which have no more of it, and"
                    + " no SAY of anything but a right answer that begins."),
    /** Whether it goes on. */
    RESUMED(
            "went on after backchannel or side talk",
            "Turns said to nobody, or only to show that somebody listens, that begin while the model speaks aloud and"
                    + " end so early that a perfect model would speak on in the tick after their end; the model does."),
    /** Counting. */
    COUNT_EXACT(
            "flash count exact",
            "Times that it was asked to count flashes and there were some: the last number it says is the right one;"
                    + " none said is 0."),
    /** Counting, nearly. */
    COUNT_NEAR("flash count off by at most one", "The same."),
    /** Flashes one by one. */
    FLASH_SAID(
            "flashes said with their number", "Flashes that were to be counted, each with its number said within 3 s."),
    /** How fast. */
    FLASH_REACTION("flash to its number", "From the flash's start to the end of the first tick that says its number."),
    /** Crossings. */
    CROSSING_SAID(
            "line crossing said",
            "Crossings that were asked for, said from 400 ms before to 1000 ms after the centre is on the line."),
    /** How fast. */
    CROSSING_REACTION(
            "line crossing to its word",
            "From the crossing to the end of the first tick that says so; negative if early."),
    /** Things said on time. */
    TIMED_NEAR(
            "said within ±400 ms of the time",
            "Words that were asked for after some seconds: they begin (end of their first tick) at most 400 ms before"
                    + " or after that moment. Left out where a perfect model has to say something else then."),
    /** How far off. */
    TIMED_ERROR("timed-speech error", "The absolute difference, of those that were said at all."),
    /** Noise. */
    FALSE_OUTPUT(
            "false output per minute of silence",
            "Ticks that show a caption, or text or SAY of no answer, per minute of silence: ticks without a word in"
                    + " them and in the second before, pauses inside commands left out. An answer, right or wrong, is"
                    + " one for as many ticks of SAY as a perfect one has, and two more; what goes on longer belongs to"
                    + " no answer. Where a perfect model is interrupted it is one until two ticks after, at least."),
    /** Talking all the time. */
    TALK_OVER(
            "talk-over per minute of user speech",
            "Ticks with text or SAY of no answer, as above, per minute in which the user talks: all ticks that are no"
                    + " silence."),
    /** Whether the model understands itself. */
    OWN_VOICE_ERRORS(
            "own voice: word errors",
            "The model's own speech, remark by remark over noise 40 dB below it, heard by another session of the model:"
                    + " caption word errors against the text of the remarks. Remarks during which something was cut, or"
                    + " the user interrupted, are left out.");

    private final String label;
    private final String definition;

    Measure(final String label, final String definition) {
        this.label = label;
        this.definition = definition;
    }

    /** Its name in a table; what refines the one before it begins with blanks. */
    public String label() {
        return label;
    }

    /** What is counted, and what is not. */
    public String definition() {
        return definition;
    }
}
