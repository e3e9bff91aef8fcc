package dev.tactus.engine.model;

/**
 * One method per kind of {@link Op}: a backend binds ops by implementing this, and a new op does not compile until
 * every backend knows it.
 *
 * @param <T> what an op is turned into
 */
public interface OpVisitor<T> {
    /** For {@link Op.MelFold}. */
    T melFold(Op.MelFold op);

    /** For {@link Op.MelMagnitude}. */
    T melMagnitude(Op.MelMagnitude op);

    /** For {@link Op.MelBin}. */
    T melBin(Op.MelBin op);

    /** For {@link Op.PatchPixels}. */
    T patchPixels(Op.PatchPixels op);

    /** For {@link Op.Fold}. */
    T fold(Op.Fold op);

    /** For {@link Op.Linear}. */
    T linear(Op.Linear op);

    /** For {@link Op.RmsNorm}. */
    T rmsNorm(Op.RmsNorm op);

    /** For {@link Op.Gelu}. */
    T gelu(Op.Gelu op);

    /** For {@link Op.AudioBag}. */
    T audioBag(Op.AudioBag op);

    /** For {@link Op.Embed}. */
    T embed(Op.Embed op);

    /** For {@link Op.KeyValue}. */
    T keyValue(Op.KeyValue op);

    /** For {@link Op.Attention}. */
    T attention(Op.Attention op);

    /** For {@link Op.LinearConv}. */
    T linearConv(Op.LinearConv op);

    /** For {@link Op.LinearSwiglu}. */
    T linearSwiglu(Op.LinearSwiglu op);

    /** For {@link Op.Route}. */
    T route(Op.Route op);

    /** For {@link Op.ExpertsUp}. */
    T expertsUp(Op.ExpertsUp op);

    /** For {@link Op.ExpertsDownConv}. */
    T expertsDownConv(Op.ExpertsDownConv op);

    /** For {@link Op.OutputNorm}. */
    T outputNorm(Op.OutputNorm op);

    /** For {@link Op.Sample}. */
    T sample(Op.Sample op);

    /** For {@link Op.SpeechBlocks}. */
    T speechBlocks(Op.SpeechBlocks op);

    /** For {@link Op.Flow}. */
    T flow(Op.Flow op);

    /** For {@link Op.Vocode}. */
    T vocode(Op.Vocode op);

    /** For {@link Op.AdapterDown}. */
    T adapterDown(Op.AdapterDown op);
}
