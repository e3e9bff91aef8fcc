package dev.tactus.app.train;

import dev.tactus.app.cli.Failures;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.tuning.TrainingException;
import dev.tactus.engine.tuning.recipe.NewModel;
import dev.tactus.engine.tuning.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/**
 * The folder that training starts from, its configuration and its tokenizer. A new model's configuration and tokenizer
 * stand in a folder of their own until this is closed, so that a recipe which turns out wrong has written nothing else.
 */
final class StartingModel implements AutoCloseable {
    private final Path folder;
    private final boolean temporary;
    private ModelConfig config;
    private TextTokenizer tokenizer;

    private StartingModel(final Path folder, final boolean temporary) {
        this.folder = folder;
        this.temporary = temporary;
    }

    static StartingModel open(final Recipe recipe) {
        try {
            final boolean fresh = recipe.fresh().isPresent();
            final StartingModel model = new StartingModel(
                    fresh
                            ? Files.createTempDirectory("tactus-train-")
                            : recipe.base().orElseThrow(),
                    fresh);
            boolean opened = false;
            try {
                if (fresh) {
                    final NewModel made = recipe.fresh().orElseThrow();
                    made.write(recipe.file(), model.folder);
                }
                model.read();
                opened = true;
                return model;
            } finally {
                if (!opened) {
                    model.close();
                }
            }
        } catch (final IOException ex) {
            throw new TrainingException("the new model's configuration cannot be written: " + Failures.reason(ex), ex);
        }
    }

    private void read() {
        config = ModelConfig.read(folder);
        tokenizer = TextTokenizer.open(
                folder,
                config.text().unpaddedVocab(),
                config.interaction().orElseGet(InteractionConfig::defaults).reservedIds(config));
    }

    /** The model folder. */
    Path folder() {
        return folder;
    }

    /** Its configuration. */
    ModelConfig config() {
        return config;
    }

    /** Its tokenizer, which may be absent. */
    TextTokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public void close() {
        CloseHelper.close(tokenizer);
        if (temporary) {
            try {
                RunFolder.delete(folder);
            } catch (final IOException ex) {
                throw new TrainingException(folder + ": cannot be removed: " + Failures.reason(ex), ex);
            }
        }
    }
}
