package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Text in which every token is to be foretold from those before it: a file of plain text, or one of JSON lines
 * {@code {"text": "…"}}, each a document. Documents are cut into windows, and these come in an order of their own in
 * every epoch.
 */
final class TextSource implements ExampleSource {
    private static final String LINES = "jsonl";

    private final DataContext context;
    private final List<int[]> windows = new ArrayList<>();
    private final Shuffle order;
    private final IdSum sum = new IdSum();

    private TextSource(final RecipeFields fields, final DataContext context) {
        this.context = context;
        final Path file = fields.path("file");
        final String format = fields.choice("format", "plain", List.of("plain", LINES));
        final String text = TextFile.read(fields, "file", file);
        if (format.equals(LINES)) {
            int number = 0;
            for (final String line : text.lines().toList()) {
                number++;
                if (!line.isBlank()) {
                    final RecipeFields json = RecipeFields.of(Path.of(file + ": line " + number), line);
                    final String document = json.text("text");
                    json.done();
                    document(fields, file + ": line " + number, document);
                }
            }
        } else {
            document(fields, file.toString(), text);
        }
        if (windows.isEmpty()) {
            throw fields.invalid("file", file + " without two tokens in a row", "text");
        }
        order = new Shuffle(context.seed(), windows.size());
    }

    static ExampleSource open(final RecipeFields fields, final DataContext context) {
        return new TextSource(fields, context);
    }

    /** Tokenised in pieces that end behind a line or a space where there is one, as the tokenizer has a limit. */
    private void document(final RecipeFields fields, final String where, final String text) {
        final List<int[]> pieces = new ArrayList<>();
        int length = 0;
        for (int from = 0; from < text.length(); ) {
            final int to = pieceEnd(text, from);
            final int[] ids = context.encode(fields, where, text.substring(from, to));
            pieces.add(ids);
            length += ids.length;
            from = to;
        }
        final int[] all = new int[length];
        int at = 0;
        for (final int[] piece : pieces) {
            System.arraycopy(piece, 0, all, at, piece.length);
            at += piece.length;
        }
        // a window sees its positions and foretells one more, which the next window begins with
        for (int from = 0; from + 1 < all.length; from += context.positions()) {
            final int[] window = Arrays.copyOfRange(all, from, Math.min(all.length, from + context.positions() + 1));
            windows.add(window);
            sum.add(window);
        }
    }

    private static int pieceEnd(final String text, final int from) {
        final int most = from + TextTokenizer.LONGEST_TEXT;
        if (most >= text.length()) {
            return text.length();
        }
        for (int end = most; end > from; end--) {
            if (Character.isWhitespace(text.charAt(end - 1))) {
                return end;
            }
        }
        return Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    }

    @Override
    public TrainingLimits limits() {
        final int positions = Math.multiplyExact(context.sequences(), context.positions());
        return new TrainingLimits(
                context.sequences(), positions, context.positions(), positions, 0, 0, Integer.MAX_VALUE, 0);
    }

    @Override
    public List<TrainingExample> batch(final long step) {
        final List<TrainingExample> batch = new ArrayList<>();
        for (int i = 0; i < context.sequences(); i++) {
            batch.add(TrainingExample.nextTokens(windows.get(order.at(step * context.sequences() + i))));
        }
        return batch;
    }

    @Override
    public String fingerprint() {
        return windows.size() + " windows, " + sum;
    }
}
