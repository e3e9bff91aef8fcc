package dev.tactus.memory;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Hands a {@link MemoryLedger} to the tests that ask for one, and fails a test that leaves memory behind.
 *
 * <pre>
 * &#64;ExtendWith(LeakCheck.class)
 * class EngineTest {
 *     &#64;Test
 *     void shouldClose(final MemoryLedger ledger) { … }
 * </pre>
 *
 * <p>One ledger per test: the same one for {@code @BeforeEach}, the test and {@code @AfterEach}, which is where a
 * fixture is closed; the check comes after that.
 */
public final class LeakCheck implements ParameterResolver, AfterEachCallback {
    private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);

    @Override
    public boolean supportsParameter(final ParameterContext parameter, final ExtensionContext test) {
        return parameter.getParameter().getType() == MemoryLedger.class;
    }

    @Override
    public Object resolveParameter(final ParameterContext parameter, final ExtensionContext test) {
        return test.getStore(NAMESPACE)
                .computeIfAbsent(MemoryLedger.class, key -> new MemoryLedger(), MemoryLedger.class);
    }

    @Override
    public void afterEach(final ExtensionContext test) {
        final MemoryLedger ledger = test.getStore(NAMESPACE).get(MemoryLedger.class, MemoryLedger.class);
        if (ledger == null) {
            return;
        }
        final List<String> leaks = leaks(ledger);
        if (!leaks.isEmpty()) {
            throw new AssertionError(
                    test.getDisplayName() + " leaks " + String.join(", ", leaks) + ": close what it opened");
        }
    }

    /** What is live, as {@code "<tag> <bytes> bytes"}; a negative number was freed twice. */
    static List<String> leaks(final MemoryLedger ledger) {
        final List<String> leaks = new ArrayList<>();
        for (final MemoryTag tag : MemoryTag.values()) {
            if (ledger.liveBytes(tag) != 0) {
                leaks.add(tag + " " + ledger.liveBytes(tag) + " bytes");
            }
        }
        return leaks;
    }
}
