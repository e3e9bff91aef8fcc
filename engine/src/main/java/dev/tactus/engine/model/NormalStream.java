package dev.tactus.engine.model;

import dev.tactus.kernel.Philox;

/** Standard normals in a row from one key: what random weights are drawn from. Not thread-safe. */
final class NormalStream {
    private static final int WORDS = 4;

    /** Not a purpose of any session, so that no session ever draws these words. */
    private static final int PURPOSE = 0x57454947;

    private final long key;
    private final int[] words = new int[WORDS];
    private long draw;
    private int used = WORDS;

    NormalStream(final long key) {
        this.key = key;
    }

    /** A stream of its own for the tensor of that number: its values do not depend on those before it. */
    static NormalStream ofTensor(final long seed, final int tensor) {
        final long high = Philox.word(seed, tensor, 0, 1, PURPOSE, 0);
        final long low = Philox.word(seed, tensor, 0, 1, PURPOSE, 1);
        return new NormalStream(high << Integer.SIZE | low & 0xFFFF_FFFFL);
    }

    long key() {
        return key;
    }

    double next() {
        if (used == WORDS) {
            Philox.words(key, (int) draw, (int) (draw >>> Integer.SIZE), 0, PURPOSE, words);
            draw++;
            used = 0;
        }
        final int pair = used & -2;
        final boolean first = (used & 1) == 0;
        used++;
        return first ? Philox.normalCos(words[pair], words[pair + 1]) : Philox.normalSin(words[pair], words[pair + 1]);
    }
}
