package dev.tactus.tidy;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModuleTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.PackageTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Walks one parsed source and reports what breaks a rule; comments and strings are no code and pass. */
final class SourceScanner extends TreeScanner<Void, Void> {
    private static final int MAX_METHOD_LINES = 70;
    private static final Pattern OWN_PACKAGE = Pattern.compile("dev\\.tactus\\.(\\w+)");
    private static final Pattern EMPTY_NAME = Pattern.compile("(Manager|Helpers?|Utils?|Utility|Impl)(?![a-z])");

    private final CompilationUnitTree unit;
    private final SourcePositions positions;
    private final BannedCalls.Place place;
    private final Set<String> violations;

    /** A scanner of {@code unit}, which stands at {@code place}, that adds to {@code violations}. */
    SourceScanner(
            final CompilationUnitTree unit,
            final SourcePositions positions,
            final BannedCalls.Place place,
            final Set<String> violations) {
        this.unit = unit;
        this.positions = positions;
        this.place = place;
        this.violations = violations;
    }

    @Override
    public Void visitPackage(final PackageTree tree, final Void unused) {
        return null;
    }

    /** Names of modules look like names of packages; the compiler checks them. */
    @Override
    public Void visitModule(final ModuleTree tree, final Void unused) {
        return null;
    }

    @Override
    public Void visitClass(final ClassTree tree, final Void unused) {
        final String name = tree.getSimpleName().toString();
        if (EMPTY_NAME.matcher(name).find()) {
            report(tree, "class " + name + ": name it after what it is in the domain");
        }
        return super.visitClass(tree, unused);
    }

    @Override
    public Void visitMethod(final MethodTree tree, final Void unused) {
        final long end = positions.getEndPosition(unit, tree);
        if (end >= 0) {
            final long lines = unit.getLineMap().getLineNumber(end) - line(tree) + 1;
            if (lines > MAX_METHOD_LINES) {
                report(tree, "method " + tree.getName() + " has " + lines + " lines: at most " + MAX_METHOD_LINES);
            }
        }
        return super.visitMethod(tree, unused);
    }

    @Override
    public Void visitMemberSelect(final MemberSelectTree tree, final Void unused) {
        final String name = tree.toString();
        final Matcher own = OWN_PACKAGE.matcher(name);
        if (own.matches()) {
            object(tree, Edges.objection(place.module(), place.file(), own.group(1)));
        }
        objectToName(tree, name);
        return super.visitMemberSelect(tree, unused);
    }

    @Override
    public Void visitMemberReference(final MemberReferenceTree tree, final Void unused) {
        if (tree.getMode() == MemberReferenceTree.ReferenceMode.NEW) {
            object(tree, BannedCalls.objection(place, "new " + tree.getQualifierExpression()));
        } else {
            objectToName(tree, tree.getQualifierExpression() + "." + tree.getName());
        }
        return super.visitMemberReference(tree, unused);
    }

    @Override
    public Void visitNewClass(final NewClassTree tree, final Void unused) {
        final String name = "new " + tree.getIdentifier();
        object(tree, BannedCalls.objection(place, name));
        if (tree.getArguments().isEmpty()) {
            object(tree, BannedCalls.objection(place, name + "()"));
        }
        return super.visitNewClass(tree, unused);
    }

    /** Looks at the name as it is and without its package: {@code java.lang.System.out} is {@code System.out}. */
    private void objectToName(final Tree tree, final String name) {
        final String objection = BannedCalls.objection(place, name);
        final String withoutPackage = name.replaceFirst("^([a-z]\\w*\\.)+(?=[A-Z])", "");
        object(tree, objection.isEmpty() ? BannedCalls.objection(place, withoutPackage) : objection);
    }

    private void object(final Tree tree, final String objection) {
        if (!objection.isEmpty()) {
            report(tree, objection);
        }
    }

    private void report(final Tree tree, final String what) {
        violations.add(place.file() + ":" + line(tree) + ": " + what);
    }

    private long line(final Tree tree) {
        return unit.getLineMap().getLineNumber(positions.getStartPosition(unit, tree));
    }
}
