package dev.tactus.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Conv1dTest {
    @ParameterizedTest
    @CsvSource({
        // steps, kernel, stride, dilation, history, out
        "24, 7, 1, 1, 6, 24",
        "24, 4, 2, 1, 2, 12",
        "24, 8, 8, 1, 0, 3",
        "5, 3, 1, 4, 8, 5",
        "1, 1, 1, 1, 0, 1",
    })
    void shouldSeeThePastAndNothingElse(
            final int steps, final int kernel, final int stride, final int dilation, final int history, final int out) {
        final Conv1d shape = Conv1d.causal(2, 6, 4, steps, kernel, stride, dilation, 2);
        assertEquals(history, shape.history());
        assertEquals(history + steps, shape.inSteps());
        assertEquals(out, shape.outSteps());
        assertEquals(2L * 6 * (history + steps), shape.inputElements());
        assertEquals(2L * 4 * out, shape.outputElements());
        assertEquals(4L * 3 * kernel, shape.weightElements());
        // the last output's last tap is the last input
        assertEquals(shape.inSteps() - 1, (out - 1) * stride + (kernel - 1) * dilation);
    }

    @Test
    void shouldCountStridedAndTransposedSteps() {
        assertEquals(4, Conv1d.forward(1, 1, 1, 10, 3, 2, 1, 1).outSteps());
        assertEquals(1, Conv1d.forward(1, 1, 1, 7, 3, 2, 3, 1).outSteps());
        assertEquals(21, Conv1d.transposed(1, 1, 1, 10, 3, 2, 1, 1).outSteps());
        assertEquals(8, Conv1d.transposed(1, 4, 2, 1, 8, 8, 1, 2).outSteps());
        assertEquals(4L * 2 / 2 * 8, Conv1d.transposed(1, 4, 2, 1, 8, 8, 1, 2).weightElements());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 1, 1, 1, 1, 1, 1",
        "1, 0, 1, 1, 1, 1, 1, 1",
        "1, 1, 0, 1, 1, 1, 1, 1",
        "1, 1, 1, 0, 1, 1, 1, 1",
        "1, 1, 1, 1, 0, 1, 1, 1",
        "1, 1, 1, 1, 1, 0, 1, 1",
        "1, 1, 1, 1, 1, 1, -1, 1",
        "1, 1, 1, 1, 1, 1, 1, 0",
        "1, 3, 2, 1, 1, 1, 1, 2",
        "1, 2, 3, 1, 1, 1, 1, 2",
        "1, 1, 1, 6, 4, 1, 2, 1",
        "65536, 65536, 1, 1, 1, 1, 1, 1",
        "2147483647, 2147483647, 2147483647, 2147483647, 1, 1, 1, 1",
        "1, 1, 1, 1, 2147483647, 1, 2147483647, 1",
    })
    void shouldRefuseWhatIsNoShape(
            final int batch,
            final int inChannels,
            final int outChannels,
            final int inSteps,
            final int kernel,
            final int stride,
            final int dilation,
            final int groups) {
        assertThrows(
                IllegalArgumentException.class,
                () -> Conv1d.forward(batch, inChannels, outChannels, inSteps, kernel, stride, dilation, groups));
    }

    @Test
    void shouldSayWhatIsWrongWithAShape() {
        final String message = assertThrows(
                        IllegalArgumentException.class, () -> Conv1d.forward(1, 1, 1, 6, 4, 1, 2, 1))
                .getMessage();
        assertTrue(message.contains("6 steps") && message.contains("spans 7"), message);
        assertThrows(IllegalArgumentException.class, () -> Conv1d.causal(1, 1, 1, 5, 4, 2, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> Conv1d.causal(1, 1, 1, 6, 1, 2, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> Conv1d.transposed(1, 1, 1, 1 << 20, 8, 1 << 12, 1, 1));
    }
}
