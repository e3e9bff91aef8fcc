package dev.tactus.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void shouldAlignColumnsAndLeaveNoBlanksAtTheEnd() {
        final Table table =
                new Table("lrl").row("a", "1", "x").row("long", "1,000", "").row("", "22", "yy");
        assertEquals(List.of("> a         1  x", "> long  1,000", ">          22  yy"), table.lines("> "));
    }

    @Test
    void shouldRefuseARowOfAnotherLength() {
        assertThrows(IllegalArgumentException.class, () -> new Table("ll").row("alone"));
    }
}
