"""Models at random: valid by construction, small, and of every form that composes.

A writer keeps track of what the elaborator will know at each place (size and channels of
the current tensor, names in reach), so that what it writes always builds. A seed decides
about all choices: drawing each of them from hypothesis would take ten times as long.
"""

import random
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "softplus", "none", "leaky_relu(0.1)"]
NORMALIZERS = ["batch_norm", "batch_norm(decay=0.9, scale=true)", "layer_norm", "none"]
REGULARIZERS = ["l2(0.1)", "l2(decay)", "l1(0.01)", "none"]
INITIALIZERS = ["xavier", "zeros", "truncated_normal(stddev=0.1)", "variance_scaling"]
SPATIAL = ["prelu [1, 2]", "roll [1, -1] [1, 2]", "l2_normalize epsilon=0.01"]
MERGES = ["add", "multiply", "maximum", "average"]
MOST_CHANNELS = 6


@dataclass(frozen=True)
class Tensor:
    """A tensor: its size, how often it was halved, and its channels.

    `channels` is None where a block's parameter decides about it.
    """

    size: int
    channels: int | None


@dataclass
class Context:
    """The names that are visible at one place.

    Attributes:
        numbers: Names of values from 1 to MOST_CHANNELS.
        loops: Names of loop variables: a scope must carry all of them to be unique.
        tensors: Taps and the like.
        inside: The enclosing constructs: "block", "merge", "loop".
    """

    net: Tensor
    numbers: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)
    in_block: bool = False
    depth: int = 0


@dataclass(frozen=True)
class Block:
    """A block that may be called: it keeps the size, and gives `depth` channels."""

    name: str
    scoped: bool
    switches: bool
    skips: bool


class Writer:
    """Writes models; the same choices give the same model."""

    def __init__(self, choices: random.Random) -> None:
        self.random = choices
        self.pick = choices.choice
        self.count = 0
        self.budget = 25  # statements that are still to be written

    def seldom(self, part: int = 4) -> bool:
        return self.random.randrange(part) == 0

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    # Values.

    def number(self, here: Context) -> tuple[str, int | None]:
        """A number of channels, and its value where it is known."""
        if here.numbers and self.seldom(3):
            name = self.pick(here.numbers)
            return self.pick([(name, None), (f"({name} + 1)", None)])
        value = self.random.randint(1, MOST_CHANNELS)
        return str(value), value

    def name(self, here: Context, stem: str, part: int = 2) -> str:
        """` as NAME`, unique in every turn of the loops around; often nothing."""
        if not self.seldom(part):
            return ""
        return f" as {self.scope(here, stem)}"

    def scope(self, here: Context, stem: str) -> str:
        turns = "".join(f"_{{{loop}}}" for loop in here.loops)
        folder = "" if self.seldom(2) else f"{self.fresh('part')}/"
        return f"{folder}{self.fresh(stem)}{turns}"

    def keys(self) -> str:
        """Keys that any convolution takes."""
        text = ""
        if self.seldom(3):
            text += f" activation={self.pick(ACTIVATIONS)}"
        if self.seldom(5):
            text += f" normalizer={self.pick(NORMALIZERS)}"
        if self.seldom(4):
            text += f" regularizer={self.pick(REGULARIZERS)}"
        if self.seldom(6):
            text += f" initializer={self.pick(INITIALIZERS)}"
        if self.seldom(8):
            text += f" biases={self.pick(['none', 'ones', 'constant(0.5)'])}"
        if self.seldom(12):
            text += " trainable=false"
        if self.seldom(8):
            text += " keep_biases=true"
        return text

    # Layers that keep the size.

    def convolution(self, here: Context) -> str:
        text, channels = self.number(here)
        here.net = replace(here.net, channels=channels)
        window = self.pick(["1x1", "3x3", "2x3", "[1, 3]", "3"])
        return f"conv {text} {window}{self.keys()}{self.name(here, 'conv')}"

    def separable(self, here: Context) -> str:
        text, channels = self.number(here)
        here.net = replace(here.net, channels=channels)
        return f"separable_conv {text} 3x3 1{self.name(here, 'sep')}"

    def depthwise(self, here: Context) -> str:
        return f"depthwise_conv 3x3{self.name(here, 'dw')}"

    def transposed(self, here: Context) -> str:
        text, channels = self.number(here)
        here.net = replace(here.net, channels=channels)
        return f"conv_transpose {text} 3x3{self.name(here, 'up')}"

    def pooling(self, here: Context) -> str:
        word = self.pick(["max_pool", "avg_pool"])
        return f"{word} 3x3 1 SAME{self.name(here, 'pool')}"

    def pointwise(self, here: Context) -> str:
        word = self.pick(
            ["relu", "tanh", "leaky_relu 0.3", "dropout 0.7", "batch_norm", *SPATIAL]
        )
        if word == "batch_norm":
            return f"batch_norm scale=true{self.name(here, 'bn')}"
        return f"{word}{self.name(here, 'point', 4)}"

    def layer(self, here: Context) -> str:
        forms = [self.convolution] * 5
        forms += [self.separable, self.depthwise, self.transposed]
        forms += [self.pooling, self.pointwise, self.pointwise]
        return self.pick(forms)(here)

    # Repetition.

    def repeat(self, here: Context) -> str:
        text, channels = self.number(here)
        times = self.pick(["1", "2", "3", "4", *here.numbers[:1]])
        here.net = replace(here.net, channels=channels)
        name = self.name(here, "series")
        return f"repeat {times} conv {text} 3x3{self.keys()}{name}"

    def repeat_block(self, here: Context) -> str:
        block = self.block_of(here)
        if block is None or not block.scoped:
            return self.repeat(here)
        text, channels = self.number(here)
        here.net = replace(here.net, channels=channels)
        name = self.name(here, "units")
        return f"repeat {self.pick('123')} {block.name} {text}{name}"

    def stack(self, here: Context) -> str:
        parts = [self.number(here) for _ in range(self.random.randint(1, 4))]
        here.net = replace(here.net, channels=parts[-1][1])
        listed = ", ".join(f"{text} {self.pick(['1x1', '3x3'])}" for text, _ in parts)
        return f"stack conv {listed}{self.keys()}{self.name(here, 'stack')}"

    def loop(self, here: Context, indent: str) -> str:
        variable = self.fresh("i")
        inner = self.inside(here, loops=[*here.loops, variable])
        inner.net = replace(here.net, channels=None)
        if self.seldom(3):
            second = self.fresh("n")
            pairs = ", ".join(
                f'("{self.pick("abc")}{k}", {self.random.randint(1, 4)})'
                for k in range(self.random.randint(1, 3))
            )
            inner.numbers = [*here.numbers, second]
            head = f"for ({variable}, {second}) in [{pairs}]"
        else:
            first = self.random.randint(0, 2)
            inner.numbers = here.numbers if first == 0 else [*here.numbers, variable]
            head = f"for {variable} in {first}..{first + self.random.randint(0, 3)}"
        body = self.body(inner, indent, 3)
        here.net = replace(here.net, channels=None)
        return f"{head} {body}"

    # Choices.

    def condition(self, here: Context) -> str:
        forms = ["channels > 2", "1 < 2", "flag", "not flag", "true or channels == 3"]
        forms += [f"{name} % 2 == 0" for name in here.numbers[:2]]
        return self.pick(forms)

    def choice(self, here: Context, indent: str) -> str:
        condition = self.condition(here)
        one, two = self.inside(here), self.inside(here)
        text = f"if {condition} {self.body(one, indent, 2)}"
        if self.seldom(2):
            text += f" else {self.body(two, indent, 2)}"
        here.net = replace(here.net, channels=None)
        return text

    # Branches.

    def merge(self, here: Context, indent: str) -> str:
        """Branches that are joined; all of them end in the same number of channels."""
        word = self.pick([*MERGES, "concat", "concat"])
        identity = self.seldom(2)
        text, channels = (
            ("channels", here.net.channels) if identity else self.number(here)
        )
        setting = " activation=relu" if word == "add" and self.seldom(3) else ""
        lines = []
        for number in range(self.random.randint(1, 3)):
            name = f" {self.scope(here, 'Branch_')}" if self.seldom(2) else ""
            if identity and number == 0:
                lines.append(f"branch{name} {{}}")
                continue
            inner = self.inside(here)
            every = self.fresh("all")
            before = f"{indent}    let {every} = channels\n" if identity else ""
            depth = every if identity else text
            self.budget -= 1
            first = self.body(inner, indent + "  ", 2)[2:-1].rstrip()
            lines.append(
                f"branch{name} {{\n{before}{first}\n"
                f"{indent}    conv {depth} 1x1{self.name(here, 'last')}\n{indent}  }}"
            )
        parts = len(lines)
        if word == "concat":
            known = channels is not None
            here.net = replace(here.net, channels=channels * parts if known else None)  # type: ignore[operator]
        else:
            here.net = replace(here.net, channels=channels)
        name = self.name(here, "merge")
        inside = "".join(f"{indent}  {line}\n" for line in lines)
        return f"{word}{setting}{name} {{\n{inside}{indent}}}"

    def list_merge(self, here: Context) -> str:
        same = [n for n, t in here.tensors.items() if t.size == here.net.size]
        if not same:
            return self.layer(here)
        chosen = self.pick(same)
        known = here.net.channels is not None
        if known and here.net.channels == here.tensors[chosen].channels:
            word = self.pick(MERGES)
            return f"{word} [net, {chosen}, net]{self.name(here, 'joined')}"
        here.net = replace(here.net, channels=None)
        return f"concat [net, {chosen}]{self.name(here, 'joined')}"

    def scaled(self, here: Context) -> str:
        return f"multiply [net, {self.pick(['0.5', '2', '1.0'])}]"

    def side(self, here: Context, indent: str) -> str:
        inner = self.inside(here)
        name = self.fresh("side")
        turns = "".join(f"_{{{loop}}}" for loop in here.loops)
        body = self.body(inner, indent, 2)[:-1].rstrip()
        return f"branch {{{body[1:]}\n{indent}  tap {name}{turns}\n{indent}}}"

    # Names.

    def tap(self, here: Context) -> str:
        name = self.fresh("tap")
        if here.loops:
            turns = "".join(f"_{{{loop}}}" for loop in here.loops)
            return f"tap {name}{turns}"
        here.tensors[name] = here.net
        return f"tap {name}"

    def go_on(self, here: Context) -> str:
        same = [n for n, t in here.tensors.items() if t.size == here.net.size]
        if not same:
            return self.tap(here)
        name = self.pick(same)
        here.net = here.tensors[name]
        return f"from {name}"

    def let(self, here: Context) -> str:
        name = self.fresh("v")
        value = self.pick(["channels", "2", "min(3, channels)", "max(1, 4 // 2)"])
        if value == "channels" and here.net.channels is None:
            value = "3"
        here.numbers = [*here.numbers, name]
        return f"let {name} = {value}"

    def variable(self, here: Context) -> str:
        name = self.fresh("gamma")
        if here.loops:
            return self.layer(here)
        settings = self.pick(["", " initializer=constant(0.5)", " regularizer=l2(0.1)"])
        return f"variable {name} [channels]{settings}; multiply [net, {name}]"

    def shared(self, here: Context) -> str:
        """A layer and its second use with the same variables."""
        scope = self.scope(here, "shared")
        key = self.pick(["", " activation=none"])
        return f"conv channels 3x3 as {scope}; conv channels 3x3{key} reuse=true as {scope}"

    def shared_block(self, here: Context) -> str:
        """A block and its second use: what it gives must be as wide as what it takes."""
        block = self.block_of(here)
        if block is None:
            return self.shared(here)
        scope = self.scope(here, "twice")
        value = self.fresh("wide")
        return (
            f"let {value} = channels; {block.name} {value} as {scope}; "
            f"{block.name} {value} reuse=true as {scope}"
        )

    def scope_of_defaults(self, here: Context, indent: str) -> str:
        keys = self.pick(
            [
                "activation=tanh",
                "regularizer=l2(decay)",
                "normalizer=batch_norm",
                "padding=SAME biases=none",
                "initializer=zeros",
            ]
        )
        if self.seldom(2):
            return f"scope conv < {keys} >; {self.layer(here)}"
        inner = self.inside(here)
        text = f"scope conv < {keys} > {self.body(inner, indent, 3)}"
        here.net = inner.net
        return text

    def opened(self, here: Context, indent: str) -> str:
        inner = self.inside(here)
        text = f"in {self.scope(here, 'room')} {self.body(inner, indent, 3)}"
        here.net = inner.net
        return text

    # Blocks.

    def block_of(self, here: Context) -> Block | None:
        return self.pick(here.blocks) if here.blocks else None

    def call(self, here: Context) -> str:
        block = self.block_of(here)
        if block is None:
            return self.layer(here)
        text, channels = self.number(here)
        here.net = replace(here.net, channels=channels)
        extra = ""
        same = [n for n, t in here.tensors.items() if t.size == here.net.size]
        if block.skips and same and self.seldom(2):
            extra += f" skip={self.pick(same)}"
        if block.switches and self.seldom(2):
            extra += f" act={self.pick(ACTIVATIONS)}"
        if block.switches and self.seldom(3):
            extra += f" flag={self.pick(['true', 'false'])}"
        name = self.name(here, "unit", 2 if block.scoped else 1)
        return f"{block.name} {text}{extra}{name}"

    def declaration(self, blocks: list[Block]) -> tuple[str, Block]:
        """A block of the file."""
        name = self.fresh("block")
        block = Block(name, self.seldom(2), self.seldom(2), self.seldom(3))
        here = Context(Tensor(0, None), ["depth"], blocks=list(blocks), in_block=True)
        here.depth = 1
        extra = ", act=relu, flag=true" if block.switches else ", flag=false"
        extra += ", decay=0.02" + (", skip=none" if block.skips else "")
        scope = f" as {self.fresh('B')}" if block.scoped else ""
        body = self.body(here, "", 4)[:-1].rstrip()
        if block.skips:
            body += (
                f"\n  if skip != none {{ concat [skip, net]{self.name(here, 'skip')} }}"
            )
        act = " activation=act" if block.switches else ""
        last = f"conv depth 3x3{act}{self.name(here, 'end')}"
        return f"block {name}(depth{extra}){scope} {body}\n  {last}\n}}\n", block

    # Statements.

    def inside(self, here: Context, **changes) -> Context:
        """The state between braces."""
        inner = replace(here, **changes)
        inner.numbers, inner.tensors = list(inner.numbers), dict(here.tensors)
        inner.depth = here.depth + 1
        return inner

    def statement(self, here: Context, indent: str) -> str:
        self.budget -= 1
        flat = [self.repeat, self.stack, self.tap, self.go_on, self.let, self.shared]
        flat += [
            self.variable,
            self.list_merge,
            self.list_merge,
            self.scaled,
            self.call,
        ]
        flat += [self.call, self.repeat_block, self.shared_block]
        braces = [self.loop, self.choice, self.merge, self.merge, self.side]
        braces += [self.scope_of_defaults, self.opened]
        kind = self.random.randrange(10)
        if kind < 4 or self.budget < 0:
            return self.layer(here)
        if kind < 7 or here.depth > 3:
            return self.pick(flat)(here)
        return self.pick(braces)(here, indent)

    def body(self, here: Context, indent: str, most: int) -> str:
        """Statements in braces; the last of them is a layer."""
        inner = indent + "  "
        count = self.random.randint(1, most)
        lines = [self.statement(here, inner) for _ in range(count)]
        text = "".join(f"{inner}{line}\n" for line in lines)
        return f"{{\n{text}{indent}}}"

    def network(
        self, name: str, blocks: list[Block], *, is_word: bool = False, uses: str = ""
    ) -> str:
        """A network; one that is a word has one input and gives images."""
        here = Context(Tensor(0, 3), ["width_"], blocks=list(blocks))
        parameters = "width_ = 3, decay = 0.01, flag = true"
        scope = self.pick(["", "", f" as Root{name}", " as none"])
        lines = [f"input images {self.pick(['6x6x3', '5x7x3', '?x?x3'])}"]
        if self.seldom(6) and not is_word:
            lines.append("input extra 6x6x2")
        if uses:
            lines.append(f"{uses}{self.name(here, 'word')}")
            here.net = Tensor(0, None)
        count = self.random.randint(1, 6)
        lines += [self.statement(here, "  ") for _ in range(count)]
        if self.seldom(3):
            lines += self.inner_block(here)
        if self.seldom(4):
            lines.append(f"max_pool 2x2{self.name(here, 'half')}")
            here.net = replace(here.net, size=1)
            lines += [self.statement(here, "  ") for _ in range(2)]
        lines += [] if is_word else self.ending()
        body = "".join(f"  {line}\n" for line in lines)
        return f"network {name}({parameters}){scope} {{\n{body}}}\n"

    def inner_block(self, here: Context) -> list[str]:
        """A block of the network's own, which sees its tensors, and two calls of it."""
        name, tap = self.fresh("inner"), self.fresh("tap")
        here.net = replace(here.net, channels=None)
        return [
            f"tap {tap}",
            f"block {name}(depth) as {name.upper()} {{",
            f"  conv depth 1x1; concat [net, {tap}]; conv (depth + 1) 1x1",
            "}",
            f"{name} 2",
            self.layer(here),
            f"{name} 3{self.name(here, 'own')}",
        ]

    def ending(self) -> list[str]:
        return self.pick(
            [
                [],
                ["output features", "conv 2 1x1 as head", "output head"],
                ["global_avg_pool", "flatten", "fc width_ activation=none as logits"],
                ["global_avg_pool", "flatten", "stack fc 4, 3 as fc", "softmax"],
            ]
        )

    def model(self) -> str:
        """A file with blocks and one or two networks."""
        text = self.pick(["", "# A model.\n\n", "let seven = 7\n\n"])
        blocks: list[Block] = []
        for _ in range(self.random.randint(0, 3)):
            written, block = self.declaration(blocks)
            blocks.append(block)
            text += written + "\n"
        second = self.seldom(4)
        text += self.network("first", blocks, is_word=second)
        if second:
            text += "\n" + self.network("second", blocks, uses="first width_=2")
        return text


def write_model(seed: int) -> str:
    """Return the model of that seed."""
    return Writer(random.Random(seed)).model()


def models() -> st.SearchStrategy[str]:
    """Return whole files that build."""
    return st.integers(0, 2**32).map(write_model)
