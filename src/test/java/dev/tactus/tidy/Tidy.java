package dev.tactus.tidy;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Reads every source below a repository's root and lists what breaks a rule: where, what, and what to do instead. */
final class Tidy {
    private static final int MAX_COLUMNS = 120;
    private static final int MAX_TEXT_BYTES = 1 << 20;
    private static final Set<String> SKIPPED_FOLDERS = Set.of("target", "out", "models", "ffi", "node_modules");
    private static final Pattern NARROW = Pattern.compile(".*\\.(java|c|h|cc|cpp|cu|cuh|sh)|tactus|\\.ci/run");
    private static final Pattern TEXT =
            Pattern.compile(NARROW + "|.*\\.(md|xml|ya?ml|json|properties|config|txt|toml|py|html|js|css|args)");
    private static final Pattern MACHINE_PATH =
            Pattern.compile("(?<![\\w.})*/-])/(work|root|home/\\w+|Users/\\w+)/\\w[^\\s\"'`]*");
    private static final Pattern REGISTRY = Pattern.compile("<(repository|pluginRepository|mirror)>"
            + "|https?://[^\\s\"'<>]*(artifactory|nexus|jfrog|/simple/|registry\\.|repo1?\\.maven)\\S*");
    private static final Pattern OWN_DEPENDENCY =
            Pattern.compile("<dependency>\\s*<groupId>dev\\.tactus</groupId>\\s*<artifactId>tactus-([\\w-]+)<");
    private static final Pattern PACKAGE_COMMENT = Pattern.compile("/\\*\\*(.*?)\\*/\\s*package ", Pattern.DOTALL);
    private static final Pattern SENTENCE = Pattern.compile("\\S+(\\s+\\S+){2,}\\.(\\s.*)?", Pattern.DOTALL);

    private final Path root;
    private final Set<String> violations = new TreeSet<>();
    private final List<Path> sources = new ArrayList<>();
    private final List<Path> texts = new ArrayList<>();

    private Tidy(final Path root) {
        this.root = root;
    }

    /** What was read, so that a check of nothing does not pass for a clean one, and what was wrong with it. */
    record Report(int texts, Set<String> modules, List<String> violations) {}

    /** Checks the repository at {@code root}. */
    static Report check(final Path root) throws IOException {
        final Tidy tidy = new Tidy(root.toAbsolutePath());
        tidy.collect();
        for (final Path text : tidy.texts) {
            tidy.checkText(text);
        }
        tidy.checkPackages();
        tidy.parseSources();
        final Set<String> modules = new TreeSet<>();
        tidy.sources.forEach(source -> modules.add(tidy.module(source)));
        return new Report(tidy.texts.size(), modules, List.copyOf(tidy.violations));
    }

    /** The folder with {@code .mvn} at or above the working directory. */
    static Path repositoryRoot() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.isDirectory(folder.resolve(".mvn"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException(
                    "no folder with .mvn at or above " + Path.of("").toAbsolutePath());
        }
        return folder;
    }

    private void collect() throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(final Path folder, final BasicFileAttributes attributes) {
                final String name = folder.getFileName().toString();
                final boolean hidden = name.startsWith(".") && !name.equals(".ci") && !name.equals(".github");
                return !folder.equals(root) && (hidden || SKIPPED_FOLDERS.contains(name))
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes) {
                if (TEXT.matcher(name(file)).matches() && attributes.size() <= MAX_TEXT_BYTES) {
                    texts.add(file);
                }
                if (name(file).endsWith(".java")) {
                    sources.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void checkText(final Path file) throws IOException {
        final String content = Files.readString(file, StandardCharsets.UTF_8);
        int number = 0;
        for (final String line : content.lines().toList()) {
            number++;
            final String where = name(file) + ":" + number + ": ";
            if (line.length() > MAX_COLUMNS && NARROW.matcher(name(file)).matches()) {
                violations.add(where + line.length() + " columns: at most " + MAX_COLUMNS);
            }
            final Matcher path = MACHINE_PATH.matcher(line);
            if (path.find()) {
                violations.add(where + path.group() + ": a path of one machine; take it from the caller");
            }
            final Matcher registry = REGISTRY.matcher(line);
            if (registry.find()) {
                violations.add(where + registry.group() + ": where packages come from is the machine's own setting");
            }
        }
        if (file.endsWith("pom.xml")) {
            checkPom(file, content);
        }
    }

    private void checkPom(final Path file, final String content) {
        final String module = module(file);
        final Matcher dependency = OWN_DEPENDENCY.matcher(content);
        while (!file.getParent().equals(root) && dependency.find()) {
            if (!Edges.POM.getOrDefault(module, Set.of()).contains(dependency.group(1))) {
                violations.add(name(file) + ": " + module + " must not depend on tactus-" + dependency.group(1)
                        + ": dependencies run one way, see Edges");
            }
        }
    }

    /** Tests may live in a package that their main code describes. */
    private void checkPackages() throws IOException {
        final Set<Path> folders = new TreeSet<>();
        for (final Path source : sources) {
            if (!source.endsWith("module-info.java") && name(source).contains("/java/")) {
                folders.add(source.getParent());
            }
        }
        for (final Path folder : folders) {
            final Path info = folder.resolve("package-info.java");
            final Path ofMain = root.resolve(name(info).replaceFirst("test/java/", "main/java/"));
            if (!Files.exists(info) && !Files.exists(ofMain)) {
                violations.add(name(info) + ": missing; say in a sentence what the package is");
            } else if (Files.exists(info) && !hasSentence(Files.readString(info))) {
                violations.add(name(info) + ": say in a sentence what the package is");
            }
        }
    }

    /** At least three words and a full stop. */
    private static boolean hasSentence(final String packageInfo) {
        final Matcher comment = PACKAGE_COMMENT.matcher(packageInfo);
        return comment.find()
                && SENTENCE.matcher(comment.group(1).replace("*", "").strip()).matches();
    }

    private void parseSources() throws IOException {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final StringWriter errors = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            final JavacTask task = (JavacTask) compiler.getTask(
                    errors, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            final Trees trees = Trees.instance(task);
            for (final CompilationUnitTree unit : task.parse()) {
                final Path file = Path.of(unit.getSourceFile().toUri());
                final BannedCalls.Place place = new BannedCalls.Place(
                        module(file), name(file), name(file).contains("test/java/"));
                new SourceScanner(unit, trees.getSourcePositions(), place, violations).scan(unit, null);
            }
        }
        if (!errors.toString().isEmpty()) {
            violations.add("does not parse: " + errors);
        }
    }

    private String name(final Path file) {
        return root.relativize(file).toString().replace('\\', '/');
    }

    private String module(final Path file) {
        return root.relativize(file).getName(0).toString();
    }
}
