package dev.tactus.engine.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The stages of the image encoder (MODEL.md 1.5): each folds a neighbourhood of the patch into channels and multiplies
 * by a matrix, until one vector per patch is left.
 *
 * @param stages in the order in which they run
 */
public record VisionStages(List<Stage> stages) {
    /**
     * One stage.
     *
     * @param foldTime how many grid points in time become one
     * @param foldSpace how many grid points in height, and in width, become one
     * @param inputs channels after the fold, in order (t, h, w, c): the columns of the stage's matrix
     * @param outputs channels after the matrix: its rows
     * @param outTime grid points in time after the stage
     * @param outSpace grid points in height, and in width, after the stage
     */
    public record Stage(int foldTime, int foldSpace, int inputs, int outputs, int outTime, int outSpace) {
        /** Grid points after the stage: the rows of its matrix product for one patch. */
        public int outPoints() {
            return outTime * outSpace * outSpace;
        }
    }

    /** What one grid point of a stage covers of the patch, and its channels. */
    record Grid(int time, int space, int channels) {
        private long size() {
            return (long) time * space * space;
        }
    }

    /** Makes the list unmodifiable. */
    public VisionStages {
        stages = List.copyOf(stages);
    }

    /**
     * The stages for a patch of [{@code temporal}, {@code patch}, {@code patch}, {@code channels}].
     *
     * @param layers number of stages, at least 1
     * @param width outputs of the last stage: the model's hidden size
     */
    public static VisionStages of(
            final int patch, final int temporal, final int channels, final int layers, final int width) {
        final List<Grid> chosen = chosenGrids(patch, temporal, channels, layers);
        final List<Stage> stages = new ArrayList<>(layers);
        for (int n = 0; n < layers; n++) {
            final Grid from = chosen.get(n);
            final Grid to = chosen.get(n + 1);
            final int foldTime = to.time() / from.time();
            final int foldSpace = to.space() / from.space();
            stages.add(new Stage(
                    foldTime,
                    foldSpace,
                    Math.multiplyExact(from.channels(), foldTime * foldSpace * foldSpace),
                    n == layers - 1 ? width : to.channels(),
                    temporal / to.time(),
                    patch / to.space()));
        }
        return new VisionStages(stages);
    }

    /** The largest [points, channels] product of any stage's input or output: floats of a work buffer per patch. */
    public int largestActivation() {
        return stages.stream()
                .mapToInt(stage -> stage.outPoints() * Math.max(stage.inputs(), stage.outputs()))
                .max()
                .orElse(0);
    }

    /** The {@code layers + 1} grids between which the stages fold, smallest first. */
    static List<Grid> chosenGrids(final int patch, final int temporal, final int channels, final int layers) {
        final List<Grid> grids = candidateGrids(patch, temporal, channels);
        final double[][] cost = new double[layers + 1][grids.size()];
        final double whole = Math.log((double) patch * patch * temporal * channels);
        for (int row = 0; row <= layers; row++) {
            for (int g = 0; g < grids.size(); g++) {
                cost[row][g] =
                        Math.abs(whole * row / layers - Math.log(grids.get(g).size()));
            }
        }
        final int[] chosen = layers >= grids.size() ? nearest(cost) : cheapestDistinct(cost);
        chosen[0] = 0;
        chosen[layers] = grids.size() - 1;
        final List<Grid> result = new ArrayList<>(layers + 1);
        for (final int g : chosen) {
            result.add(grids.get(g));
        }
        return result;
    }

    private static List<Grid> candidateGrids(final int patch, final int temporal, final int channels) {
        final List<Grid> grids = new ArrayList<>();
        grids.add(new Grid(1, 1, channels));
        for (final int space : cumulativeFactors(patch)) {
            grids.add(new Grid(1, space, roundedUp((long) space * space * channels)));
        }
        for (final int time : cumulativeFactors(temporal)) {
            grids.add(new Grid(time, patch, roundedUp((long) patch * patch * channels * time)));
        }
        return grids;
    }

    /** Cumulative products of the prime factors of {@code n}, largest factor first; empty for 1. */
    private static List<Integer> cumulativeFactors(final int n) {
        final List<Integer> factors = new ArrayList<>();
        int rest = n;
        for (int p = 2; rest > 1; p++) {
            while (rest % p == 0) {
                factors.add(0, p);
                rest /= p;
            }
        }
        for (int i = 1; i < factors.size(); i++) {
            factors.set(i, factors.get(i - 1) * factors.get(i));
        }
        return factors;
    }

    /** Channels are padded to whole multiples of 64. */
    private static int roundedUp(final long channels) {
        return Math.toIntExact((channels + 63) / 64 * 64);
    }

    private static int[] nearest(final double[][] cost) {
        final int[] chosen = new int[cost.length];
        for (int row = 0; row < cost.length; row++) {
            for (int g = 1; g < cost[row].length; g++) {
                if (cost[row][g] < cost[row][chosen[row]]) {
                    chosen[row] = g;
                }
            }
        }
        return chosen;
    }

    /**
     * The cheapest assignment of distinct grids to rows. Ideals and grids both grow, and the cost is a distance, so one
     * of the cheapest assignments grows too: a recursion over (rows, grids) finds it, and a fold never turns around.
     */
    private static int[] cheapestDistinct(final double[][] cost) {
        final int rows = cost.length;
        final int grids = cost[0].length;
        final double[][] best = new double[rows + 1][grids + 1];
        for (int row = 1; row <= rows; row++) {
            best[row][0] = Double.POSITIVE_INFINITY;
            for (int g = 1; g <= grids; g++) {
                best[row][g] = Math.min(best[row][g - 1], best[row - 1][g - 1] + cost[row - 1][g - 1]);
            }
        }
        final int[] chosen = new int[rows];
        int g = grids;
        for (int row = rows; row > 0; row--) {
            while (g > row && best[row][g - 1] <= best[row][g]) {
                g--;
            }
            chosen[row - 1] = --g;
        }
        return chosen;
    }
}
