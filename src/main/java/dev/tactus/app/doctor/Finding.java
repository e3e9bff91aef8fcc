package dev.tactus.app.doctor;

/**
 * One line of the doctor's report.
 *
 * @param level whether anything is to be done
 * @param subject the part of the machine, a word or two
 * @param text what was found
 * @param remedy what would make it better, in one sentence; empty when nothing is to be done
 */
public record Finding(Level level, String subject, String text, String remedy) {
    /** How serious a finding is. */
    public enum Level {
        /** As it should be. */
        OK,
        /** Works; something is slower or missing. */
        NOTE,
        /** Does not work until somebody acts. */
        FIX
    }

    /** Something that is as it should be. */
    public static Finding ok(final String subject, final String text) {
        return new Finding(Level.OK, subject, text, "");
    }

    /** Something that works, and could be better. */
    public static Finding note(final String subject, final String text, final String remedy) {
        return new Finding(Level.NOTE, subject, text, remedy);
    }

    /** Something that has to be put right. */
    public static Finding fix(final String subject, final String text, final String remedy) {
        return new Finding(Level.FIX, subject, text, remedy);
    }

    /** A size for people: {@code 23.4 GiB}, {@code 8.0 MiB} or {@code 512 KiB}. */
    static String size(final long bytes) {
        if (bytes >= 1L << 30) {
            return "%.1f GiB".formatted(bytes / (double) (1L << 30));
        }
        return bytes >= 1L << 20 ? "%.1f MiB".formatted(bytes / (double) (1L << 20)) : "%d KiB".formatted(bytes >> 10);
    }
}
