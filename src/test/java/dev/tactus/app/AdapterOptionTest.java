package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --adapter} of {@code tactus logits} and {@code tactus run}. */
class AdapterOptionTest {
    @TempDir
    private Path folder;

    /** An adapter of a model whose B is this everywhere. */
    private Path adapter(final Path model, final String name, final float b) {
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel loaded = LoadedModel.open(model, ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            final LoraAdapter adapter = LoraAdapter.create(
                    LoraConfig.of(4, 8), loaded.loraBase(), EnumSet.allOf(LoraGroup.class), LoraInit.KAIMING, 1, arena);
            for (final LoraModule module : adapter.modules()) {
                for (long i = 0; i < module.floatsOfB(); i++) {
                    OffHeap.putFloat(module.b() + i * Float.BYTES, b);
                }
            }
            adapter.save(folder.resolve(name));
            return folder.resolve(name);
        }
    }

    private byte[] logits(final Path model, final String name, final Object... options) throws IOException {
        final Path out = folder.resolve(name);
        final Path inputs = model.resolve("inputs.safetensors");
        final Object[] fixed = {"logits", "--model", model, "--inputs", inputs, "--out", out};
        final Object[] all = Arrays.copyOf(fixed, fixed.length + options.length);
        System.arraycopy(options, 0, all, fixed.length, options.length);
        Outcome.good(all);
        return Files.readAllBytes(out);
    }

    @Test
    void shouldWriteTheLogitsOfAnAdapter() throws IOException {
        final Path model = Fixture.golden("text-dense");
        final byte[] base = logits(model, "base.safetensors");
        assertArrayEquals(base, logits(model, "silent.safetensors", "--adapter", adapter(model, "silent", 0f)));
        final byte[] adapted = logits(model, "loud.safetensors", "--adapter", adapter(model, "loud", 0.1f));
        assertFalse(Arrays.equals(base, adapted), "the adapter is used");
    }

    @Test
    void shouldRunSessionsWithAnAdapter() throws IOException {
        final Path model = Fixture.model(folder);
        final Object[] fixed = {"run", "--model", model, "--interaction", "default", "--seconds", 1, "--sessions", 2};
        final Object[] options = Arrays.copyOf(fixed, fixed.length + 4);
        options[fixed.length] = "--adapter";
        options[fixed.length + 1] = adapter(model, "loud", 0.5f);
        options[fixed.length + 2] = "--out";
        options[fixed.length + 3] = folder.resolve("loud events");
        final Outcome outcome = Outcome.good(options);
        assertTrue(outcome.out().contains("with adapter " + folder.resolve("loud")), outcome.out());
        final Object[] without = Arrays.copyOf(fixed, fixed.length + 2);
        without[fixed.length] = "--out";
        without[fixed.length + 1] = folder.resolve("events");
        Outcome.good(without);
        final String base = ids(folder.resolve("events"));
        assertFalse(base.equals(ids(folder.resolve("loud events"))), "the adapter changes what is put out: " + base);
    }

    /** What was put out, without times. */
    private static String ids(final Path out) throws IOException {
        return Files.readString(out.resolve("events.jsonl")).replaceAll("\"[a-z_]*(ns|ms)\":[0-9.]+", "");
    }

    @Test
    void shouldRefuseAnAdapterThatIsNoneInOneLine() throws IOException {
        final Path model = Fixture.golden("text-dense");
        final Path out = folder.resolve("l.safetensors");
        final Path inputs = model.resolve("inputs.safetensors");
        final Path missing = folder.resolve("missing");
        final Path other = adapter(Fixture.golden("multimodal-moe"), "other", 0f);
        for (final Path wrong : new Path[] {missing, other}) {
            final String part = wrong.equals(missing) ? "adapter_config.json" : "base model";
            Outcome.of("logits", "--model", model, "--inputs", inputs, "--out", out, "--adapter", wrong)
                    .assertBadInput(wrong.toString(), part);
            Outcome.of("run", "--model", model, "--interaction", "default", "--seconds", 1, "--adapter", wrong)
                    .assertBadInput(wrong.toString(), part);
        }
        assertFalse(Files.exists(out));
    }
}
