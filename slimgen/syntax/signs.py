"""Signs, numbers and strings, and characters that mean nothing in the language."""

from slimgen.messages import characters
from slimgen.messages import syntax as messages
from slimgen.syntax import numbers
from slimgen.syntax.layout import Layout
from slimgen.syntax.lexemes import HIDDEN, OPERATOR_TYPES, REST_OF_LINE, STAR_COMMENT
from slimgen.syntax.tokens import VALUE_ENDS


class SignScanner:
    """Takes what is neither a word nor a bracket."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._hides = HIDDEN.search(layout.text) is not None

    def comma(self, start: int, end: int) -> None:
        """Take a comma; after it the expression is as deep as at its start."""
        layout = self._layout
        layout.add("COMMA", start, end)
        layout.deepest = max(layout.deepest, layout.depth)
        layout.depth = 0

    def equals(self, start: int, end: int) -> None:
        """Take `=`."""
        layout = self._layout
        layout.add("EQ", start, end)

    def dots(self, start: int, end: int) -> None:
        """Take the `..` of a range."""
        layout = self._layout
        if end - start > 2:
            layout.fail(messages.too_many_dots(layout.span(start, end)))
        else:
            layout.emit("DOTDOT", start, end)

    def operator(self, start: int, end: int) -> None:
        """Take an operator, or what looks like one outside an expression."""
        layout = self._layout
        sign = layout.text[start:end]
        if layout.text.startswith("/*", start):
            self._foreign_comment(start)
        elif layout.in_expression():
            layout.emit(OPERATOR_TYPES[sign], start, end)
        elif sign == "//":
            self._foreign_comment(start)
        elif sign == "<" and layout.angles and layout.top() == "{":
            if layout.has_room(start):
                layout.angles = False
                layout.add("LANGLE", start, end)
                layout.push("<", start)
        elif sign == ">" and layout.top() == "<":
            layout.pop()
            layout.add("RANGLE", start, end)
        elif not (sign == "-" and self._negative_number(start, end)):
            layout.fail(messages.operator_on_line(layout.span(start, end), sign), True)

    def _negative_number(self, start: int, end: int) -> bool:
        """Take a number whose sign touches it and nothing else."""
        layout = self._layout
        if start == layout.last_end and layout.last in VALUE_ENDS:
            return False
        match = numbers.NUMBER.match(layout.text, end)
        if match is None:
            return False
        layout.position = match.end()
        self.number(start, match.end())
        return True

    def number(self, start: int, end: int) -> None:
        """Take a number or a size."""
        layout = self._layout
        run_on = numbers.RUN_ON.match(layout.text, end)
        written = layout.text[start:end]
        negative_size = written[0] == "-" and numbers.is_size(written)
        if run_on or negative_size or numbers.BARE_DOT.search(written):
            layout.position = run_on.end() if run_on else end
            where = layout.span(start, layout.position)
            layout.fail(messages.malformed_number(where, written))
        elif not numbers.fits(written):
            where = layout.span(start, end)
            layout.fail(messages.number_out_of_range(where, numbers.MAX_DIGITS))
        else:
            layout.emit("LITERAL", start, end)

    def string(self, start: int, end: int) -> None:
        """Take a string."""
        layout = self._layout
        self.check_hidden(start, end)
        layout.emit("STRING", start, end)

    def check_hidden(self, start: int, end: int) -> None:
        """Report characters that a string or comment must not hold."""
        layout = self._layout
        found = HIDDEN.search(layout.text, start, end) if self._hides else None
        if found is not None:
            layout.report(characters.foreign_character(layout.span(*found.span())))

    def double_quote(self, start: int, end: int) -> None:
        """Report a string that its line does not end."""
        layout = self._layout
        layout.fail(messages.unterminated_string(layout.span(start, end)))

    def single_quote(self, start: int, end: int) -> None:
        """Report a string in single quotes."""
        layout = self._layout
        layout.fail(messages.single_quotes(layout.span(start, end)))

    def _foreign_comment(self, start: int) -> None:
        """Report a comment of another language, and leave it out."""
        layout = self._layout
        comment = STAR_COMMENT.match(layout.text, start)
        comment = comment or REST_OF_LINE.match(layout.text, start)
        layout.position = comment.end() if comment else start + 2
        layout.start_line(layout.text.rfind("\n", 0, layout.position) + 1)
        layout.report(messages.foreign_comment(layout.span(start, start + 2)))

    def foreign(self, start: int, end: int) -> None:
        """Report a character that means nothing here; one that is blank is left out."""
        layout = self._layout
        if layout.text[start : start + 2] in ("&&", "||"):
            end = layout.position = start + 2
        where = layout.span(start, end)
        if layout.text[start] == ":":
            layout.fail(messages.colon(where), soft=True)
        elif layout.text[start:end].isspace() and layout.text[start] != "\r":
            layout.report(characters.foreign_character(where))
        else:
            layout.fail(characters.foreign_character(where))
