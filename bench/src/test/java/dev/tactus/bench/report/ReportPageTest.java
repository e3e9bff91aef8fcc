package dev.tactus.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.bench.Main;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;

/** The page, made of what a tiny run of {@code bench overload} wrote. */
class ReportPageTest {
    private static final double READABLE = 4.5;

    private final String sample = resource("overload.json");

    private static String resource(final String name) {
        try (InputStream in = ReportPageTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (final IOException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private static String page(final String... jsons) {
        final List<BenchFile> files = new ArrayList<>();
        for (final String json : jsons) {
            files.add(BenchFile.parse("run " + files.size(), json));
        }
        return ReportPage.of(files);
    }

    private static Document parse(final String page) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(page.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<Element> all(final Element in, final String name, final String classPart) {
        final List<Element> found = new ArrayList<>();
        final NodeList nodes = in.getElementsByTagName(name);
        for (int i = 0; i < nodes.getLength(); i++) {
            final Element one = (Element) nodes.item(i);
            if (one.getAttribute("class").contains(classPart)) {
                found.add(one);
            }
        }
        return found;
    }

    private static Element figure(final Document page, final String title) {
        return all(page.getDocumentElement(), "figure", "").stream()
                .filter(figure -> figure.getElementsByTagName("figcaption")
                        .item(0)
                        .getTextContent()
                        .equals(title))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no figure " + title));
    }

    @Test
    void shouldDrawBothCurvesThroughTheirPoints() throws Exception {
        final JsonNode root = BenchFile.parse("sample", sample).root();
        final Document page = parse(page(sample));
        final Element missed = figure(page, "Missed ticks");
        for (final String[] policy :
                new String[][] {{"admission", "admission on"}, {"ladder", "admission off, ladder on"}}) {
            final Element series = all(missed, "g", "series").stream()
                    .filter(one -> one.getAttribute("data-series").equals(policy[1]))
                    .findFirst()
                    .orElseThrow();
            final List<Element> points = all(series, "g", "point");
            int drawn = 0;
            for (final JsonNode result : root.get("results")) {
                if (result.get("policy").asString().equals(policy[0])) {
                    final double y = 100.0
                            * result.get("missed").asLong()
                            / result.get("ticks").asLong();
                    final Element point = points.get(drawn++);
                    assertEquals(result.get("factor").asDouble(), Double.parseDouble(point.getAttribute("data-x")));
                    assertEquals(y, Double.parseDouble(point.getAttribute("data-y")), 1e-9);
                    assertTrue(point.getTextContent().contains(policy[1]), point.getTextContent());
                }
            }
            assertEquals(4, drawn, policy[0]);
            assertEquals(drawn, points.size(), policy[0]);
            final String path = ((Element) series.getElementsByTagName("path").item(0)).getAttribute("d");
            assertEquals(drawn, path.split("[ML]").length - 1, path);
        }
    }

    @Test
    void shouldPutPointsWhereTheAxesSay() throws Exception {
        final Element figure = figure(parse(page(sample)), "Sessions that were let in");
        final Map<String, double[]> places = new HashMap<>();
        for (final Element text : all(all(figure, "g", "axis").get(0), "text", "")) {
            if (text.getAttribute("class").isEmpty()) {
                final String side = text.getAttribute("text-anchor").equals("end") ? "y" : "x";
                places.put(side + text.getTextContent(), new double[] {
                    Double.parseDouble(text.getAttribute("x")), Double.parseDouble(text.getAttribute("y"))
                });
            }
        }
        // all that were offered were let in, so the square of 1.5 is beside 1.5 and above 1.5
        final Element square = (Element) all(figure, "g", "point").stream()
                .filter(one -> one.getAttribute("data-x").equals("1.5")
                        && one.getAttribute("data-y").equals("1.5"))
                .findFirst()
                .orElseThrow()
                .getElementsByTagName("rect")
                .item(0);
        final double half = Double.parseDouble(square.getAttribute("width")) / 2;
        assertEquals(places.get("x1.5")[0], Double.parseDouble(square.getAttribute("x")) + half, 0.2);
        // a number stands a little below its line
        assertEquals(places.get("y1.5")[1], Double.parseDouble(square.getAttribute("y")) + half, 5);
    }

    @Test
    void shouldNeedNothingBesideItself() throws Exception {
        final String page = page(sample, sample);
        final Document parsed = parse(page);
        assertFalse(page.contains("url(") || page.contains("@import"), "the style sheet loads something");
        final NodeList elements = parsed.getElementsByTagName("*");
        for (int i = 0; i < elements.getLength(); i++) {
            final Element one = (Element) elements.item(i);
            assertFalse(List.of("script", "link", "img", "iframe").contains(one.getTagName()), one.getTagName());
            assertFalse(one.hasAttribute("src"), one.getTagName());
            assertTrue(one.getAttribute("href").isEmpty()
                    || one.getAttribute("href").matches("#s[01]"));
        }
    }

    @Test
    void shouldSayWhatWasMeasuredWhereAndHow() throws Exception {
        final Document page = parse(page(sample));
        final String text = page.getDocumentElement().getTextContent();
        for (final String expected : List.of(
                "random, 1.0M parameters",
                "14 sessions fit on this machine (measured in the same run",
                "./tactus bench overload --params 1M",
                "25.0.3+9-LTS",
                "23.5 GiB",
                "cpu/c/avx2",
                "no session misses two ticks in a row: reached, 0 of 204 ticks at 1.50")) {
            assertTrue(text.contains(expected), () -> expected + " in:\n" + text);
        }
        assertEquals(6, all(page.getDocumentElement(), "figure", "").size());
        for (final Element figure : all(page.getDocumentElement(), "figure", "")) {
            final List<Element> labels = all(figure, "text", "label");
            assertEquals(2, labels.size());
            final String y = labels.get(1).getTextContent();
            assertTrue(y.contains("ms") || y.contains("%") || y.contains(" / "), () -> "no unit: " + y);
        }
        final List<Element> rows = all(page.getDocumentElement(), "tr", "");
        assertEquals(9, rows.size());
        assertEquals(
                rows.get(0).getElementsByTagName("th").getLength(),
                rows.get(1).getElementsByTagName("td").getLength() + 1);
    }

    @Test
    void shouldEscapeWhatFilesSay() throws Exception {
        final String name = "a <b> & \"c\"";
        final String json = sample.replace("random, 1.0M parameters", name.replace("\"", "\\\""));
        final Element heading =
                all(parse(page(json)).getDocumentElement(), "h2", "").get(0);
        assertEquals("More sessions than fit: " + name, heading.getTextContent());
    }

    @Test
    void shouldSayWhatIsWrongWithFile() {
        assertRefused(sample.replace("\"overload\"", "\"juggling\""), "run 0", "juggling", "expected one of overload");
        assertRefused("{ \"results\" : [] }", "run 0", "no \"bench\"");
        assertRefused("model  mini", "run 0", "no JSON");
        assertRefused(sample.replace("\"missed_in_a_row\"", "\"twice\""), "run 0", "\"missed_in_a_row\"");
    }

    private static void assertRefused(final String json, final String... parts) {
        final String message =
                assertThrows(IllegalArgumentException.class, () -> page(json)).getMessage();
        for (final String part : parts) {
            assertTrue(message.contains(part), () -> part + " in " + message);
        }
    }

    @Test
    void shouldWritePageFromCommandLine(@TempDir final Path folder) throws Exception {
        final Path json = Files.writeString(folder.resolve("overload.json"), sample);
        final Path page = folder.resolve("page.html");
        final StringWriter out = new StringWriter();
        final CommandLine line = Main.commandLine().setOut(new PrintWriter(out));
        assertEquals(0, line.execute("report", "--in", json.toString(), json.toString(), "--out", page.toString()));
        assertTrue(out.toString().contains("page.html, 2 sections"), out::toString);
        assertEquals(
                2,
                all(parse(Files.readString(page)).getDocumentElement(), "section", "")
                        .size());
    }

    @Test
    void shouldChooseRoundNumbersForAxes() {
        assertEquals(new Axis("a", 35, 5), Axis.upTo("a", 34.3, 8));
        assertEquals(new Axis("a", 250, 50), Axis.upTo("a", 231.6, 6));
        assertEquals("0.10", Axis.upTo("a", 0.26, 6).number(2));
        assertEquals("150", Axis.upTo("a", 231.6, 6).number(3));
        assertEquals(1, Axis.upTo("a", 0, 5).end(), "where all is nothing");
    }

    @Test
    void shouldBeReadableInLightAndDark() {
        final String[] themes = resource("report.css").split("@media");
        assertEquals(2, themes.length);
        for (final String theme : themes) {
            final Map<String, Double> light = new HashMap<>();
            final Matcher colours = Pattern.compile("--(\\w+): #(\\w{6})").matcher(theme);
            while (colours.find()) {
                light.put(colours.group(1), luminance(Integer.parseInt(colours.group(2), 16)));
            }
            for (final String name : List.of("ink", "faint", "limit", "s0", "s1")) {
                final double high = Math.max(light.get(name), light.get("paper")) + 0.05;
                final double low = Math.min(light.get(name), light.get("paper")) + 0.05;
                assertTrue(high / low >= READABLE, () -> name + " has a contrast of " + high / low);
            }
        }
    }

    /** Relative luminance as WCAG 2 has it. */
    private static double luminance(final int rgb) {
        final double[] weights = {0.0722, 0.7152, 0.2126};
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            final double part = (rgb >> 8 * i & 0xff) / 255.0;
            sum += weights[i] * (part <= 0.03928 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4));
        }
        return sum;
    }
}
