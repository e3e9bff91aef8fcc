package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.VisionStages.Grid;
import dev.tactus.engine.model.VisionStages.Stage;
import dev.tactus.memory.MemoryLedger;
import java.util.List;
import org.junit.jupiter.api.Test;

class VisionStagesTest {
    @Test
    void shouldChooseTheGridsOfThePublishedModel() {
        assertEquals(
                List.of(
                        new Grid(1, 1, 3),
                        new Grid(1, 5, 128),
                        new Grid(1, 10, 320),
                        new Grid(1, 40, 4800),
                        new Grid(2, 40, 9600)),
                VisionStages.chosenGrids(40, 2, 3, 4));
    }

    @Test
    void shouldFoldTheWholePatchIntoOnePointWhateverTheNumberOfStages() {
        for (int layers = 1; layers <= 12; layers++) {
            final List<Stage> stages = VisionStages.of(40, 2, 3, layers, 96).stages();
            assertEquals(layers, stages.size());
            int time = 1;
            int space = 1;
            for (final Stage stage : stages) {
                time *= stage.foldTime();
                space *= stage.foldSpace();
                assertEquals(2 / time, stage.outTime(), "layers " + layers);
                assertEquals(40 / space, stage.outSpace(), "layers " + layers);
            }
            assertEquals(2, time, "layers " + layers);
            assertEquals(40, space, "layers " + layers);
            assertEquals(1, stages.get(layers - 1).outPoints());
            assertEquals(96, stages.get(layers - 1).outputs());
        }
    }

    @Test
    void shouldGiveTwoStagesForAPatchOf40() {
        assertEquals(
                List.of(new Stage(1, 10, 300, 320, 2, 4), new Stage(2, 4, 10_240, 48, 1, 1)),
                VisionStages.of(40, 2, 3, 2, 48).stages());
    }

    @Test
    void shouldRepeatAGridAsAFoldOfOne() {
        final List<Stage> stages = VisionStages.of(2, 2, 3, 6, 64).stages();
        assertTrue(stages.stream().anyMatch(s -> s.foldSpace() == 1 && s.foldTime() == 1), stages.toString());
        for (int n = 1; n < stages.size(); n++) {
            final Stage stage = stages.get(n);
            assertEquals(
                    stages.get(n - 1).outputs() * stage.foldTime() * stage.foldSpace() * stage.foldSpace(),
                    stage.inputs());
        }
    }

    @Test
    void shouldMatchTheMatricesOfEveryGoldenModel() {
        for (final String name : GoldenModels.CASES) {
            final ModelConfig config = ModelConfig.read(GoldenModels.path(name));
            try (Checkpoint checkpoint = Checkpoint.open(GoldenModels.path(name), new MemoryLedger())) {
                final List<Stage> stages = config.visionStages().stages();
                for (int n = 0; n < stages.size(); n++) {
                    final Tensor linear = checkpoint.tensor("model.visual.layers.linear_" + n + ".weight");
                    assertTrue(
                            linear.hasShape(
                                    stages.get(n).outputs(), stages.get(n).inputs()),
                            name + ' ' + linear);
                }
            }
        }
    }
}
