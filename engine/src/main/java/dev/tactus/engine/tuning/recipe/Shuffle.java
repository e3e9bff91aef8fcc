package dev.tactus.engine.tuning.recipe;

/** All of n things in an order of its own in every epoch, epoch after epoch; the place of any index is known. */
final class Shuffle {
    private final long seed;
    private final int[] order;
    private long epoch = -1;

    Shuffle(final long seed, final int count) {
        this.seed = seed;
        this.order = new int[count];
    }

    /** Which thing stands at {@code index}, counted over all epochs. */
    int at(final long index) {
        final long wanted = index / order.length;
        if (wanted != epoch) {
            fill(wanted);
        }
        return order[(int) (index % order.length)];
    }

    private void fill(final long wanted) {
        final Draws draws = new Draws(seed, Draws.Purpose.ORDER, wanted);
        for (int i = 0; i < order.length; i++) {
            final int other = draws.below(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        epoch = wanted;
    }
}
