package dev.tactus.engine.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LoraAdapterTest {
    private static final long SEED = 5;
    private static final Set<LoraGroup> ALL = EnumSet.allOf(LoraGroup.class);
    private static final String QUERY = "model.llm.layers.0.attn.wq_du.weight";
    private static final String QUERY_KEY = "base_model.model.model.llm.layers.0.attn.wq_du";

    private static final List<TensorSpec> TENSORS = List.of(
            matrix("model.llm.embed.weight", 101, 24),
            new TensorSpec("model.llm.layers.0.attn_norm.weight", TensorSpec.Use.TABLE, new long[] {24}),
            matrix(QUERY, 40, 24),
            matrix("model.llm.layers.0.attn.wo_ud.weight", 24, 40),
            new TensorSpec("model.llm.layers.0.attn.rel_logits_proj.proj", TensorSpec.Use.TABLE, new long[] {4, 9}),
            matrix("model.llm.layers.0.mlp.w13_dn.weight", 70, 24),
            matrix("model.llm.layers.1.mlp.gate.weight", 5, 24),
            new TensorSpec("model.llm.layers.1.mlp.experts.w2_weight", TensorSpec.Use.STACK, new long[] {3, 24, 11}),
            matrix("model.llm.unembed.weight", 101, 24),
            matrix("model.visual.layers.linear_0.weight", 24, 48));

    private static final LoraBase BASE = new LoraBase("tiny", "f00d", TENSORS);

    @TempDir
    Path folder;

    private final MemoryLedger ledger = new MemoryLedger();
    private final FreezableArena arena = new FreezableArena(ledger);

    @AfterEach
    void closeArena() {
        arena.close();
        assertEquals(0, ledger.liveBytes());
    }

    @Test
    void shouldStandBesideTheChosenGroupsOnly() {
        assertEquals(List.of(QUERY, "model.llm.layers.0.attn.wo_ud.weight"), beside(EnumSet.of(LoraGroup.ATTENTION)));
        assertEquals(
                List.of("model.llm.layers.0.mlp.w13_dn.weight", "model.llm.layers.1.mlp.experts.w2_weight"),
                beside(EnumSet.of(LoraGroup.MLP)));
        assertEquals(List.of("model.llm.unembed.weight"), beside(EnumSet.of(LoraGroup.UNEMBEDDING)));
        assertEquals(5, beside(ALL).size());
        assertThrows(IllegalArgumentException.class, () -> beside(EnumSet.noneOf(LoraGroup.class)));
    }

    @ParameterizedTest
    @EnumSource(LoraInit.class)
    void shouldStartAsNothingWithTheSpreadOfItsKind(final LoraInit init) {
        final int rank = 8;
        final LoraAdapter adapter = LoraAdapter.create(LoraConfig.of(rank, 16), BASE, ALL, init, SEED, arena);
        assertEquals(2f, adapter.config().scale());
        final LoraModule unembed = adapter.beside("model.llm.unembed.weight").orElseThrow();
        final float[] a = floats(unembed.a(), unembed.floatsOfA());
        double sum = 0;
        double squares = 0;
        double largest = 0;
        for (final float value : a) {
            sum += value;
            squares += (double) value * value;
            largest = Math.max(largest, Math.abs(value));
        }
        final double deviation = init == LoraInit.GAUSSIAN ? 1.0 / rank : 1 / Math.sqrt(3.0 * 24);
        assertEquals(deviation, Math.sqrt(squares / a.length), deviation * 0.15);
        assertEquals(0, sum / a.length, deviation * 4 / Math.sqrt(a.length));
        assertTrue(init == LoraInit.GAUSSIAN ? largest > 2 * deviation : largest <= (float) (1 / Math.sqrt(24)));
        for (final LoraModule module : adapter.modules()) {
            for (final float value : floats(module.b(), module.floatsOfB())) {
                assertEquals(0f, value);
            }
        }
    }

    @Test
    void shouldDrawAModuleAlikeWhateverElseIsChosen() {
        final LoraAdapter all = LoraAdapter.create(LoraConfig.of(4, 4), BASE, ALL, LoraInit.KAIMING, SEED, arena);
        final LoraAdapter one =
                LoraAdapter.create(LoraConfig.of(4, 4), BASE, EnumSet.of(LoraGroup.MLP), LoraInit.KAIMING, SEED, arena);
        final LoraAdapter other = LoraAdapter.create(
                LoraConfig.of(4, 4), BASE, EnumSet.of(LoraGroup.MLP), LoraInit.KAIMING, SEED + 1, arena);
        final String name = "model.llm.layers.1.mlp.experts.w2_weight";
        final LoraModule stack = one.beside(name).orElseThrow();
        assertArrayEquals(
                floats(all.beside(name).orElseThrow().a(), stack.floatsOfA()), floats(stack.a(), stack.floatsOfA()));
        assertNotEquals(
                OffHeap.getFloat(stack.a()),
                OffHeap.getFloat(other.beside(name).orElseThrow().a()));
        assertNotEquals(OffHeap.getFloat(stack.a(0)), OffHeap.getFloat(stack.a(1)));
    }

    @Test
    void shouldComeBackBitForBit() {
        final LoraConfig config = new LoraConfig(3, 0.7f, true);
        final LoraAdapter adapter = LoraAdapter.create(config, BASE, ALL, LoraInit.GAUSSIAN, SEED, arena);
        for (long i = 0; i < adapter.floats(); i++) {
            OffHeap.putFloat(adapter.address() + 4 * i, i * 0.37f - 5);
        }
        adapter.save(folder);
        adapter.save(folder);
        final LoraAdapter back = LoraAdapter.load(folder, BASE, arena, ledger);
        assertEquals(config, back.config());
        assertEquals(ALL, back.groups());
        assertEquals(adapter.floats(), back.floats());
        assertEquals(-1, segment(adapter).mismatch(segment(back)));
        assertEquals("f00d", back.baseFingerprint());
    }

    @Test
    void shouldBeWrittenAsPeftDoes() throws IOException {
        LoraAdapter.create(LoraConfig.of(4, 8), BASE, ALL, LoraInit.KAIMING, SEED, arena)
                .save(folder);
        final String json = Files.readString(folder.resolve("adapter_config.json"));
        assertTrue(json.contains("\"peft_type\" : \"LORA\""), json);
        assertTrue(json.contains("\"r\" : 4") && json.contains("\"lora_alpha\" : 8.0"), json);
        assertTrue(json.contains("\"unembed\"") && json.contains("\"wq_du\""), json);
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("adapter_model.safetensors"), ledger)) {
            assertTrue(file.tensor(QUERY_KEY + ".lora_A.weight").hasShape(4, 24));
            assertTrue(file.tensor(QUERY_KEY + ".lora_B.weight").hasShape(40, 4));
            assertTrue(file.tensor("base_model.model.model.llm.layers.1.mlp.experts.w2_weight.lora_B.weight")
                    .hasShape(3, 24, 4));
            assertEquals("pt", file.metadata().get("format"));
            assertEquals(10, file.names().size());
        }
    }

    @Test
    void shouldTakeAnAdapterOfAnotherProgramInHalfPrecision() throws IOException {
        writeConfig("{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"target_modules\":[\"wq_du\"],\"bias\":\"none\","
                + "\"modules_to_save\":null,\"rank_pattern\":{},\"lora_dropout\":0.1,\"some_new_field\":[1]}");
        final short[] ones = new short[48];
        Arrays.fill(ones, (short) 0x3F80);
        final short[] halves = new short[80];
        Arrays.fill(halves, Float.floatToFloat16(-0.5f));
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                folder.resolve("adapter_model.safetensors"),
                List.of(
                        new SafetensorsWriter.Declared(QUERY_KEY + ".lora_A.weight", DType.BF16, new long[] {2, 24}),
                        new SafetensorsWriter.Declared(QUERY_KEY + ".lora_B.weight", DType.F16, new long[] {40, 2})),
                Map.of())) {
            writeShorts(writer, QUERY_KEY + ".lora_A.weight", ones);
            writeShorts(writer, QUERY_KEY + ".lora_B.weight", halves);
            writer.commit();
        }
        final LoraAdapter adapter = LoraAdapter.load(folder, BASE, arena, ledger);
        assertEquals(2f, adapter.config().scale());
        final LoraModule module = adapter.beside(QUERY).orElseThrow();
        assertEquals(1, adapter.modules().size());
        assertEquals(1f, OffHeap.getFloat(module.a() + 4 * 47));
        assertEquals(-0.5f, OffHeap.getFloat(module.b() + 4 * 79));
    }

    @Test
    void shouldRefuseAnotherBaseOrShape() {
        LoraAdapter.create(LoraConfig.of(4, 8), BASE, ALL, LoraInit.KAIMING, SEED, arena)
                .save(folder);
        assertRefused(new LoraBase("tiny 2", "beef", TENSORS), "base model: found f00d, allowed beef, which is tiny 2");
        final List<TensorSpec> wider = new ArrayList<>(TENSORS);
        wider.set(2, matrix(QUERY, 48, 24));
        assertRefused(
                new LoraBase("tiny", "f00d", wider),
                QUERY_KEY + ".lora_B.weight: found [40, 4], allowed [48, 4], rank 4 beside " + QUERY + " [48, 24]");
        final LoraBase shallow = new LoraBase("tiny", "f00d", TENSORS.subList(0, 6));
        assertRefused(shallow, "lora_A.weight, one of 4 that fit nothing");
    }

    @Test
    void shouldRefuseFilesThatDoNotBelongTogether() throws IOException {
        LoraAdapter.create(LoraConfig.of(4, 8), BASE, ALL, LoraInit.KAIMING, SEED, arena)
                .save(folder);
        writeConfig("{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":16}");
        assertRefused(BASE, "scaling: found rank 4, alpha 8.0, allowed rank 4, alpha 16.0");
        Files.delete(folder.resolve("adapter_model.safetensors"));
        assertRefused(BASE, "adapter_model.safetensors: no such file");
        Files.delete(folder.resolve("adapter_config.json"));
        assertRefused(BASE, "adapter_config.json: no such file");
    }

    @Test
    void shouldRefuseFactorsThatAreMissingOrNoNumbers() throws IOException {
        writeConfig("{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":1}");
        final SafetensorsWriter.Declared a =
                new SafetensorsWriter.Declared(QUERY_KEY + ".lora_A.weight", DType.BF16, new long[] {1, 24});
        final SafetensorsWriter.Declared b =
                new SafetensorsWriter.Declared(QUERY_KEY + ".lora_B.weight", DType.BF16, new long[] {40, 1});
        final Path file = folder.resolve("adapter_model.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(a), Map.of())) {
            writeShorts(writer, a.name(), new short[24]);
            writer.commit();
        }
        assertRefused(BASE, "tensor " + b.name() + ": missing");
        final short[] bad = new short[40];
        bad[17] = (short) 0x7FC0;
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(a, b), Map.of())) {
            writeShorts(writer, a.name(), new short[24]);
            writeShorts(writer, b.name(), bad);
            writer.commit();
        }
        assertRefused(BASE, "tensor " + b.name() + ": element 17 is NaN, allowed finite");
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(), Map.of())) {
            writer.commit();
        }
        assertRefused(BASE, "tensors: found none");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"peft_type":"IA3"} | peft_type: found "IA3", allowed "LORA"
        {} | peft_type: found nothing
        [] | content: found ARRAY
        {"peft_type":"LORA" | not valid JSON
        {"peft_type":"LORA","r":0,"lora_alpha":1} | r: found 0, allowed an integer from 1 to 4096
        {"peft_type":"LORA","r":4097,"lora_alpha":1} | r: found 4097
        {"peft_type":"LORA","r":"8","lora_alpha":1} | r: found "8"
        {"peft_type":"LORA","r":8} | lora_alpha: found nothing, allowed a positive number
        {"peft_type":"LORA","r":8,"lora_alpha":-1} | lora_alpha: found -1
        {"peft_type":"LORA","r":8,"lora_alpha":1e99} | lora_alpha: found 1
        {"peft_type":"LORA","r":8,"lora_alpha":1,"use_dora":true} | use_dora: found true, allowed nothing
        {"peft_type":"LORA","r":8,"lora_alpha":1,"bias":"all"} | bias: found "all"
        {"peft_type":"LORA","r":8,"lora_alpha":1,"rank_pattern":{"q":2}} | rank_pattern: found
        {"peft_type":"LORA","r":8,"lora_alpha":1,"modules_to_save":["x"]} | modules_to_save: found
        {"peft_type":"LORA","r":8,"lora_alpha":1,"use_rslora":"yes"} | use_rslora: found "yes"
        """)
    void shouldNameWhatIsWrongInTheConfig(final String json, final String message) throws IOException {
        writeConfig(json);
        assertRefused(BASE, message);
    }

    @Test
    void shouldSayWhereItCannotWrite() throws IOException {
        final LoraAdapter adapter = LoraAdapter.create(LoraConfig.of(4, 8), BASE, ALL, LoraInit.KAIMING, SEED, arena);
        final Path file = Files.writeString(folder.resolve("f"), "x");
        final UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> adapter.save(file.resolve("a")));
        assertTrue(e.getMessage().contains("adapter not written"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> LoraConfig.of(0, 1));
        assertThrows(IllegalArgumentException.class, () -> LoraConfig.of(1, Float.NaN));
    }

    private List<String> beside(final Set<LoraGroup> groups) {
        return LoraAdapter.create(LoraConfig.of(2, 2), BASE, groups, LoraInit.KAIMING, SEED, arena).modules().stream()
                .map(module -> module.tensor().name())
                .toList();
    }

    private void assertRefused(final LoraBase base, final String message) {
        final InvalidModelException e =
                assertThrows(InvalidModelException.class, () -> LoraAdapter.load(folder, base, arena, ledger));
        assertTrue(
                e.getMessage().startsWith(folder.toString()) && e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    private void writeConfig(final String json) throws IOException {
        Files.writeString(folder.resolve("adapter_config.json"), json);
    }

    private static void writeShorts(final SafetensorsWriter writer, final String name, final short[] values)
            throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(values);
        writer.write(name, MemorySegment.ofBuffer(bytes));
    }

    private static TensorSpec matrix(final String name, final long rows, final long cols) {
        return new TensorSpec(name, TensorSpec.Use.MATRIX, new long[] {rows, cols});
    }

    private static float[] floats(final long address, final long count) {
        final float[] values = new float[(int) count];
        for (int i = 0; i < count; i++) {
            values[i] = OffHeap.getFloat(address + 4L * i);
        }
        return values;
    }

    private static MemorySegment segment(final LoraAdapter adapter) {
        return OffHeap.ALL.asSlice(adapter.address(), adapter.floats() * Float.BYTES);
    }
}
