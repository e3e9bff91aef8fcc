package dev.tactus.app.run;

import picocli.CommandLine.Option;

/** Where media comes from. */
public final class MediaOptions {
    /** Stands for standard input. */
    static final String STDIN = "-";

    @Option(
            names = "--audio",
            paramLabel = "F.wav|-",
            description = "What the sessions hear: a WAV file, or - for one on standard input.")
    String audio;

    @Option(
            names = "--raw",
            description = "The audio has no header: 16-bit little-endian mono samples at 16 kHz, as arecord"
                    + " -f S16_LE -r 16000 -t raw writes them.")
    boolean raw;

    @Option(
            names = "--video",
            paramLabel = "F|DIR|GLOB|-",
            description = "What they see: a .y4m file, a folder of PNG or JPEG files, a quoted pattern such as"
                    + " 'shots/*.png', or - for y4m on standard input.")
    String video;

    @Option(
            names = "--fps",
            paramLabel = "N",
            defaultValue = "5",
            description = "Pictures per second of a folder or pattern. Default: ${DEFAULT-VALUE}.")
    double fps;

    @Option(
            names = "--text",
            paramLabel = "SCRIPT|-",
            description = "What they read: lines of seconds, one blank, text (1.20 hello), or - for such lines on"
                    + " standard input. Needs a tokenizer.json beside the model's config.json.")
    String text;

    /** Whether any medium was named. */
    public boolean isAnyNamed() {
        return audio != null || video != null || text != null;
    }

    /** How many media come from standard input. */
    int pipes() {
        return (STDIN.equals(audio) ? 1 : 0) + (STDIN.equals(video) ? 1 : 0) + (STDIN.equals(text) ? 1 : 0);
    }
}
