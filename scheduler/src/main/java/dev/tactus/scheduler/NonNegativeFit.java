package dev.tactus.scheduler;

/**
 * Weighted least squares whose solution has no negative element: what a row costs is never a gain.
 *
 * <p>The solution is the unconstrained one over the columns that it does not leave at 0 (Lawson and Hanson, "Solving
 * least squares problems", chapter 23). Of seven columns there are 127 choices, so all are tried, and the best of those
 * without a negative element is taken: exact, and nothing to converge. Off the tick path.
 */
final class NonNegativeFit {
    private static final int MOST_COLUMNS = 12;

    /** On columns of length 1; keeps apart what columns that say nearly the same share among them. */
    private static final double RIDGE = 1e-10;

    private NonNegativeFit() {}

    /**
     * The x ≥ 0 that makes Σ weight · (row · x − value)² least.
     *
     * @param rows features of each sample, at most 12
     * @param values what was measured
     * @param weights of each sample, positive
     */
    static double[] solve(final double[][] rows, final double[] values, final double[] weights) {
        final int n = rows[0].length;
        if (n > MOST_COLUMNS) {
            throw new IllegalArgumentException(n + " columns: expected at most " + MOST_COLUMNS);
        }
        final double[][] normal = new double[n][n];
        final double[] right = new double[n];
        for (int s = 0; s < rows.length; s++) {
            for (int i = 0; i < n; i++) {
                final double weighted = weights[s] * rows[s][i];
                right[i] += weighted * values[s];
                for (int j = 0; j < n; j++) {
                    normal[i][j] += weighted * rows[s][j];
                }
            }
        }
        final double[] length = scale(normal, right);
        double[] best = new double[n];
        double least = 0;
        for (int columns = 1; columns < 1 << n; columns++) {
            final double[] x = over(columns, normal, right);
            final double loss = x == null ? Double.NaN : loss(normal, right, x);
            if (loss < least) {
                least = loss;
                best = x;
            }
        }
        for (int i = 0; i < n; i++) {
            best[i] = length[i] == 0 ? 0 : best[i] / length[i];
        }
        return best;
    }

    /** Makes all columns as long as one another and returns how long they were. */
    private static double[] scale(final double[][] normal, final double[] right) {
        final int n = right.length;
        final double[] length = new double[n];
        for (int i = 0; i < n; i++) {
            length[i] = Math.sqrt(normal[i][i]);
        }
        for (int i = 0; i < n; i++) {
            right[i] = length[i] == 0 ? 0 : right[i] / length[i];
            for (int j = 0; j < n; j++) {
                final double both = length[i] * length[j];
                normal[i][j] = both == 0 ? 0 : normal[i][j] / both;
            }
            normal[i][i] = 1 + RIDGE;
        }
        return length;
    }

    /** The unconstrained solution over a set of columns, by Gauss's elimination; null when an element is negative. */
    private static double[] over(final int columns, final double[][] normal, final double[] right) {
        final int n = right.length;
        final double[][] matrix = new double[n][n + 1];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                final boolean both = (columns >> i & 1) != 0 && (columns >> j & 1) != 0;
                matrix[i][j] = both ? normal[i][j] : i == j ? 1 : 0;
            }
            matrix[i][n] = (columns >> i & 1) != 0 ? right[i] : 0;
        }
        // positive definite: no pivot is 0
        for (int pivot = 0; pivot < n; pivot++) {
            for (int i = 0; i < n; i++) {
                final double factor = i == pivot ? 0 : matrix[i][pivot] / matrix[pivot][pivot];
                for (int j = pivot; j <= n && factor != 0; j++) {
                    matrix[i][j] -= factor * matrix[pivot][j];
                }
            }
        }
        final double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = matrix[i][n] / matrix[i][i];
            if (!(x[i] >= 0)) {
                return null;
            }
        }
        return x;
    }

    /** x · normal · x − 2 · right · x: the sum of squares, less a constant. */
    private static double loss(final double[][] normal, final double[] right, final double[] x) {
        double loss = 0;
        for (int i = 0; i < x.length; i++) {
            double row = -2 * right[i];
            for (int j = 0; j < x.length; j++) {
                row += normal[i][j] * x[j];
            }
            loss += row * x[i];
        }
        return loss;
    }
}
