package dev.tactus.bench.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.TextConfig;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** The operations of a step follow from the shapes; checked against sums made by hand. */
class TrainCostTest {
    private static TextConfig text(final LayerConfig... layers) {
        return new TextConfig(
                20, 10, 8, List.of(layers), 2, 3, 5, 7, 7, 1, 1, 1, 1f, 1e-6f, 4, 1f, OptionalInt.empty(), 0.1f, 100);
    }

    @Test
    void shouldCountProductsOfEveryLayerAndTheUnpaddedVocabulary() {
        final LayerConfig layer = new LayerConfig(0, false, true, 4, 2, 3, 3);
        // q and o 8·12 each, k and v 8·6 each, r 8·4·5, three of the MLP 8·7, unembedding 8·10
        final double weights = 2 * 96 + 2 * 48 + 160 + 3 * 56 + 80;
        assertEquals(2.0 * 2 * 4 * weights, TrainCost.of(text(layer), 2, 4).products());
    }

    @Test
    void shouldCountKeysThatAreSeenAndBiasesThatAreThere() {
        final LayerConfig global = new LayerConfig(0, false, true, 4, 2, 3, 3);
        // 4 queries see 1 + 2 + 3 + 4 keys, of which 1 + 2 + 3 + 3 are near enough for a bias
        final double ofGlobal = 4 * (4 * 3 * 10 + 2 * 5 * 9);
        assertEquals(2 * ofGlobal, TrainCost.of(text(global), 2, 4).attention());

        final LayerConfig local = new LayerConfig(1, true, true, 4, 2, 3, 2);
        // a window of 2: 1 + 2 + 2 + 2
        final double ofLocal = 4 * (4 * 3 * 7 + 2 * 5 * 7);
        assertEquals(ofGlobal + ofLocal, TrainCost.of(text(global, local), 1, 4).attention());
    }

    @Test
    void shouldCountTwiceAsMuchBackward() {
        final TrainCost cost = new TrainCost(30, 12);
        assertEquals(42, cost.operations(TrainStage.FORWARD));
        assertEquals(84, cost.operations(TrainStage.BACKWARD));
        assertEquals(126, cost.operations(TrainStage.STEP));
        assertEquals(0, cost.operations(TrainStage.LOSS) + cost.operations(TrainStage.OPTIMISER));
    }

    @Test
    void shouldRefuseExperts() {
        final TextConfig experts = text(new LayerConfig(0, false, false, 4, 2, 3, 3));
        assertThrows(IllegalArgumentException.class, () -> TrainCost.of(experts, 1, 1));
    }
}
