package dev.tactus.engine.video;

import dev.tactus.engine.audio.InvalidMediaException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes PNG and JPEG files by the JDK's own readers, headless. The declared size is checked before the decoder
 * allocates for it. Transparency is drawn over black; 16-bit samples keep their upper 8 bits; an orientation in the
 * metadata is not applied. Files are read whole, up to 64 MiB. One thread per object, which reuses its row memory.
 */
final class StillImage {
    /** A larger file holds more than the pixels that are taken, or something else. */
    static final long MAX_FILE_BYTES = 64L << 20;

    private int[] argb = {};
    private int[] samples = {};

    /**
     * Decodes {@code path} into {@code target}.
     *
     * @throws InvalidMediaException if the file is no PNG or JPEG, too large, or cannot be decoded
     * @throws IOException if the file cannot be read
     */
    void decode(final Path path, final RgbFrame target) throws IOException {
        final String name = path.toString();
        final long bytes = Files.size(path);
        if (bytes > MAX_FILE_BYTES) {
            throw new InvalidMediaException(
                    name, "file size", bytes + " bytes", "at most " + MAX_FILE_BYTES + " bytes");
        }
        decode(name, Files.readAllBytes(path), target);
    }

    /** The same for a file that is in memory. */
    void decode(final String name, final byte[] file, final RgbFrame target) throws IOException {
        final boolean png = PngChunks.matches(file);
        if (png) {
            PngChunks.check(name, file);
        } else if (file.length < 3 || file[0] != (byte) 0xff || file[1] != (byte) 0xd8 || file[2] != (byte) 0xff) {
            throw new InvalidMediaException(name, "first bytes", "no PNG or JPEG signature", "a PNG or JPEG file");
        }
        final ImageReader reader = reader(png ? "png" : "jpeg");
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in, true, true);
            FrameLimits.check(name, reader.getWidth(0), reader.getHeight(0));
            copy(reader.read(0), target);
        } catch (final InvalidMediaException e) {
            throw e;
        } catch (final IOException | RuntimeException e) {
            // The JDK's decoders answer damage with IIOException, but also with index, argument and state exceptions.
            throw new InvalidMediaException(
                    name, png ? "PNG" : "JPEG", "damage (" + e.getMessage() + ')', "a file that decodes", e);
        } finally {
            reader.dispose();
        }
    }

    private static ImageReader reader(final String format) {
        final Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        if (!readers.hasNext()) {
            throw new IllegalStateException(
                    "this Java runtime has no " + format + " reader; use one with java.desktop");
        }
        return readers.next();
    }

    private void copy(final BufferedImage image, final RgbFrame target) {
        target.resize(image.getWidth(), image.getHeight());
        if (argb.length < image.getWidth()) {
            argb = new int[image.getWidth()];
            samples = new int[image.getWidth()];
        }
        for (int y = 0; y < image.getHeight(); y++) {
            if (isGrey(image)) {
                greyRow(image.getRaster(), y);
            } else {
                image.getRGB(0, y, image.getWidth(), 1, argb, 0, image.getWidth());
            }
            overBlack(y, target);
        }
    }

    /** Grey images are copied as they are: Java's conversion takes their values for linear light and brightens them. */
    private static boolean isGrey(final BufferedImage image) {
        return !(image.getColorModel() instanceof IndexColorModel)
                && image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    }

    private void greyRow(final Raster raster, final int y) {
        final int shift = raster.getTransferType() == DataBuffer.TYPE_USHORT ? 8 : 0;
        final boolean alpha = raster.getNumBands() > 1;
        raster.getSamples(raster.getMinX(), raster.getMinY() + y, raster.getWidth(), 1, 0, samples);
        for (int x = 0; x < raster.getWidth(); x++) {
            argb[x] = 0xff000000 | (samples[x] >> shift) * 0x010101;
        }
        if (alpha) {
            raster.getSamples(raster.getMinX(), raster.getMinY() + y, raster.getWidth(), 1, 1, samples);
            for (int x = 0; x < raster.getWidth(); x++) {
                argb[x] = argb[x] & 0xffffff | samples[x] >> shift << 24;
            }
        }
    }

    private void overBlack(final int y, final RgbFrame target) {
        final byte[] rgb = target.pixels();
        for (int x = 0, out = y * target.width() * 3; x < target.width(); x++, out += 3) {
            final int alpha = argb[x] >>> 24;
            for (int c = 0; c < 3; c++) {
                final int value = argb[x] >> 16 - 8 * c & 0xff;
                rgb[out + c] = (byte) ((2 * value * alpha + 255) / 510);
            }
        }
    }
}
