package dev.tactus.app;

import picocli.CommandLine.IVersionProvider;

/** The version line: the release from the jar's manifest, and the JDK that runs it. */
public final class Version implements IVersionProvider {
    /** The release, or {@code development} when the classes do not come from the jar. */
    public static String release() {
        final String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** One line: {@code tactus 0.1.0 (JDK 25.0.3+9-LTS, linux amd64)}. */
    @Override
    public String[] getVersion() {
        return new String[] {
            "tactus %s (JDK %s, %s %s)"
                    .formatted(
                            release(), Runtime.version(), System.getProperty("os.name"), System.getProperty("os.arch"))
        };
    }
}
