"""Programs of every form of the language: well formed, not sensible, and seldom tidy."""

import random

from hypothesis import strategies as st

NAMES = ["a", "depth", "conv", "x1", "Branch_0", "batch", "train", "_b"]
NUMBERS = ["0", "3", "007", "0.5", ".5", "2.50", "1e-3", "1E+05", "12.0e2"]
SIZES = ["3x3", "?x?x3", "07x1", "?"]
WORDS = ["true", "false", "none", "net", "channels", "height", "width"]
STRINGS = ['""', '"a b"', '"#;{}"', '"vgg/{name} […]"']
PATHS = ["image/class/label", "a/b.c-d", "conv1/conv1_1", "x/2nd", "block/{n}"]
SCOPE_NAMES = ["conv1", "2nd", "a/b-c.d", "none", "net", "Mixed_5b", "-a"]
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "and",
    "or",
    "==",
    "<",
    "in",
    "not in",
]
BLANKS = ["", " ", "  ", "\t"]
GAPS = [" ", " ", "  ", " \t"]
COMMENTS = ["", "", "", "#", "# why", '#   é {[("  ']
ENDS = ["\n", "\n", "\r\n", "\n\n\n", "\n  \t\n"]


class Writer:
    """Writes programs at random; the same seed gives the same program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def seldom(self, part: int = 4) -> bool:
        return self.random.randrange(part) == 0

    def either(self, *forms) -> str:
        """Return what one of the functions writes."""
        return self.pick(forms)()

    def many(self, most: int) -> range:
        return range(self.random.randint(0, most))

    # Expressions.

    def between(self) -> str:
        """A separator between two tokens in brackets."""
        blank = self.pick(BLANKS)
        if self.seldom(8):
            blank += self.pick(COMMENTS) + self.pick(ENDS) + self.pick(BLANKS)
        return blank

    def commas(self, item) -> str:
        parts = [self.between() + item() + self.between() for _ in self.many(3)]
        last = "," + self.between() if parts and self.seldom() else ""
        return ",".join(parts) + last

    def atom(self) -> str:
        return self.pick(self.pick([NAMES, NAMES, NUMBERS, SIZES, WORDS, STRINGS]))

    def expression(self, depth: int = 2) -> str:
        """A value that can stand anywhere."""
        if depth == 0 or self.seldom(2):
            return self.atom()
        forms = [self.joined, self.call, self.index, self.template, self.listed]
        return self.pick(forms)(depth - 1)

    def joined(self, depth: int) -> str:
        left, right, gap = (
            self.expression(depth),
            self.expression(depth),
            self.pick(GAPS),
        )
        text = self.either(
            lambda: f"{left}{gap}{self.pick(OPERATORS)}{self.pick(GAPS)}{right}",
            lambda: f"{self.pick(['-', '+', 'not ', '- -', 'not -'])}{left}",
            lambda: f"{left}{gap}..{self.pick(GAPS)}{right}",
            lambda: f"{left} if {right}{gap}else {self.atom()}",
            lambda: f"{left} + {right} * -{self.atom()}**{self.atom()}-1",
            lambda: f"{left},{self.between()}{right},",
            lambda: f"{left},",
        )
        return f"({self.between()}{text}{self.between()})"

    def call(self, depth: int) -> str:
        def argument() -> str:
            key = self.pick(["", "", "key=", "rate = ", "channels="])
            return key + self.expression(depth)

        return f"{self.pick(NAMES)}({self.commas(argument)})"

    def index(self, depth: int) -> str:
        value = self.pick(NAMES) if depth == 0 else self.call(depth - 1)
        return f"{value}[{self.between()}{self.expression(depth)}]"

    def listed(self, depth: int) -> str:
        return f"[{self.commas(lambda: self.expression(depth))}]"

    def template(self, depth: int, path: bool = False) -> str:
        text = self.pick(["level", "conv", "Branch_"])
        for _ in range(self.random.randint(1, 3)):
            value = (
                self.pick(BLANKS) + self.expression(min(depth, 1)) + self.pick(BLANKS)
            )
            if "\n" in value or "#" in value:
                value = "n"
            tail = self.pick(
                ["", "_", "b2", "/x-1", "/conv_"] if path else ["", "_", "2"]
            )
            text += f"{{{value}}}{tail}"
        return text

    # Lines.

    def argument(self) -> str:
        form = self.random.randrange(6)
        if form == 0:
            return self.pick(PATHS)
        if form == 1:
            return self.template(1, path=True)
        if form == 2:
            return "-" + self.pick(NUMBERS)
        if form == 3:
            low, high = self.pick([*NAMES, "a/b "]), self.pick(["3", " .5", "n", "-1"])
            return f"{low}{self.pick(BLANKS)}..{high}"
        return self.expression()

    def arguments(self) -> str:
        text = ""
        for number in self.many(4):
            if number and self.seldom(5):
                text += self.pick(BLANKS) + "," + self.pick(["", "\n", " # on\n\n"])
            key = self.pick(["", "", "key=", "rate = ", "none ="])
            text += self.pick(GAPS) + key + self.argument()
        return text

    def scope_name(self) -> str:
        if self.seldom():
            written = self.template(1, path=True)
            return self.pick([written, "{n}", "{n}/{m}x"])
        return self.pick(SCOPE_NAMES)

    def as_name(self) -> str:
        return self.pick(
            ["", f"{self.pick(GAPS)}as{self.pick(GAPS)}{self.scope_name()}"]
        )

    def line(self) -> str:
        return self.pick(NAMES) + self.arguments() + self.as_name()

    def parameters(self) -> str:
        def parameter() -> str:
            default = f"{self.pick(BLANKS)}={self.pick(BLANKS)}{self.expression()}"
            return self.pick(NAMES) + self.pick(["", default])

        return self.pick(["", f"({self.commas(parameter)})"])

    # Statements.

    def simple(self) -> str:
        value = self.expression()
        return self.either(
            lambda: self.line(),
            lambda: self.line(),
            lambda: f"repeat {value} {self.line()}",
            lambda: f"stack  {self.line()}",
            lambda: f"let {self.pick(NAMES)}={value}",
            lambda: f"let x = not {value} or {value} if {value} else -{value}..3",
            lambda: f"let f({self.pick(NAMES)}, b= {value},) = -{value}",
            lambda: f"let (a , b,) = {value}",
            lambda: f'require ({value})  "no"',
            lambda: f"input images {value} dtype = float32",
            lambda: f"scope conv ,fc <stride=1{self.pick(ENDS)}  rate = {value}>",
            lambda: f"tap {self.pick(['a', 'level{n}', 'a/b-c'])}",
            lambda: "from a/b-c",
            lambda: "output level{n}",
            lambda: f"{self.pick(['', 'local_'])}variable gamma{{n}} [3] device={value}",
        )

    def body(self, depth: int) -> str:
        text = "{" + self.pick(["", " ", "\n", " # begin\n\n"])
        for _ in self.many(3):
            text += self.pick(BLANKS) + self.statement(depth) + self.pick(BLANKS)
            text += self.pick([";", "; ;", "", "", ""])
            text += self.pick(COMMENTS) + self.pick(ENDS)
        if self.seldom():
            text += self.statement(0) + self.pick(BLANKS)
        return text + "}"

    def statement(self, depth: int) -> str:
        if depth == 0 or self.seldom(2):
            return self.simple()
        inner, value = depth - 1, self.expression()
        return self.either(
            lambda: f"if {value} {self.body(inner)}",
            lambda: f"if {value} {self.body(inner)} else {self.body(inner)}",
            lambda: f"if a {self.body(inner)}else if {value} {self.body(inner)}",
            lambda: f"for (a, b) in {value} {self.body(inner)}",
            lambda: f"for i in {value} .. 3 {self.body(inner)}",
            lambda: f"branch{self.body(inner)}",
            lambda: f"branch Branch_{self.scope_name()} {self.body(inner)}",
            lambda: f"in {self.scope_name()} reuse=true {self.body(inner)}",
            lambda: f"block b{self.parameters()}{self.as_name()} {self.body(inner)}",
            lambda: f"scope conv < a={value} > {self.body(inner)}",
            lambda: f"{self.line()} {self.body(inner)}",
            lambda: f"repeat 2 {self.line()} {self.body(inner)}",
        )

    def item(self) -> str:
        body = self.body(2)
        return self.either(
            lambda: 'use "std/resnet.slim"',
            lambda: f"let a = {self.expression()}",
            lambda: f"network n{self.parameters()}{self.as_name()} {body}",
            lambda: f"network n{self.parameters()}{self.as_name()} {body}",
            lambda: f"block b{self.parameters()}{self.as_name()} {body}",
            lambda: f"train n {body}",
            lambda: f'tune n(a = 1) from slim  "x.ckpt" as y {body}',
        )

    def program(self) -> str:
        text = self.pick(["", "\n\n", "# top\n", "\ufeff"])
        for _ in self.many(3):
            text += (
                self.item() + self.pick(BLANKS) + self.pick(COMMENTS) + self.pick(ENDS)
            )
        return text


def write_program(seed: int) -> str:
    """Return the program of that seed."""
    return Writer(seed).program()


def programs() -> st.SearchStrategy[str]:
    """Return whole files."""
    return st.integers(0, 2**32).map(write_program)
