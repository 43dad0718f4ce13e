"""Names for the forms of a block: by the argument, layer or size that sets each apart.

before    mixed_4#0, mixed_4#1, conv_same#2, conv_same#3
after     mixed_4, mixed_4_conv2d_0b_1x1, conv_same, conv_same_7x7
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slimgen.ir.graph import Call, EndPoint, Function, Item, Node
from slimgen.layers.literals import NamedFunction

LETTERS = "bcdefghijklmnopqrstuvwxyz"


@dataclass
class Form:
    """A form of a block.

    Attributes:
        bound: The arguments that the source gives to the block in each call.
        calls: How many calls the form has.
    """

    function: Function
    bound: Sequence[Mapping[str, object]] = ()
    calls: int = 1


def form_names(forms: Sequence[Form]) -> dict[str, str]:
    """Return a name for each function, by its present one."""
    by_block: dict[str, list[Form]] = {}
    for form in forms:
        by_block.setdefault(form.function.block, []).append(form)
    taken = set(by_block)
    names: dict[str, str] = {}
    for block, alike in by_block.items():
        plain = max(alike, key=lambda form: form.calls)  # the first of the most
        names[plain.function.name] = block
        for form in alike:
            if form is plain:
                continue
            others = [other for other in alike if other is not form]
            candidates = _candidates(block, form, others)
            name = next(name for name in candidates if name not in taken)
            taken.add(name)
            names[form.function.name] = name
    return names


def _candidates(block: str, form: Form, others: Sequence[Form]) -> Iterator[str]:
    arguments = list(_distinct_arguments(form, others))
    words = list(_distinct_words(form, others))
    for word in [*arguments, *words]:
        if not re.search(r"_\d+$", word):
            yield f"{block}_{word}"
    sizes = [_size(one.function) for one in (form, *others)]
    if sizes[0] and sizes[0] not in sizes[1:]:
        yield f"{block}_{sizes[0]}"
    for first, second in zip(_arguments(form), _arguments(form)[1:], strict=False):
        if not re.search(r"_\d+$", second):
            yield f"{block}_{first}_{second}"
    yield from (f"{block}_{letter}" for letter in LETTERS)
    yield from (f"{block}_{a}{b}" for a in LETTERS for b in LETTERS)


def _distinct_arguments(form: Form, others: Sequence[Form]) -> Iterator[str]:
    """Yield words for the arguments that all calls of this form have and no other."""
    for name in form.bound[0] if form.bound else ():
        values = [bound.get(name) for bound in form.bound]
        if any(value != values[0] for value in values):
            continue
        elsewhere = [bound.get(name) for other in others for bound in other.bound]
        if values[0] in elsewhere:
            continue
        word = _argument_word(name, values[0])
        if word:
            yield word


def _arguments(form: Form) -> list[str]:
    """The words of all arguments that the calls of a form agree on."""
    words = []
    for name, value in form.bound[0].items() if form.bound else ():
        if all(bound.get(name) == value for bound in form.bound):
            words.append(_argument_word(name, value))
    return [word for word in words if word]


def _argument_word(name: str, value: object) -> str:
    """Write an argument as part of a name; "" where it cannot be one."""
    match value:
        case None:
            return f"without_{name}"
        case True:
            return name
        case False:
            return f"not_{name}"
        case int():
            window = name in ("window", "kernel", "kernel_size")
            return f"{value}x{value}" if window else f"{name}{value}".replace("-", "_")
        case str():
            return _word(value)
        case NamedFunction(word=word):
            return _word(word)
        case (int(), int()):
            return "x".join(str(number) for number in value)
    return ""


def _distinct_words(form: Form, others: Sequence[Form]) -> Iterator[str]:
    """Yield the scopes, then the layers, that this form alone has."""
    elsewhere = {word for other in others for word in _words(other.function.items)}
    for word in _words(form.function.items):
        if word and word not in elsewhere:
            yield word


def _words(items: Iterable[Item]) -> dict[str, None]:
    scopes: dict[str, None] = {}
    layers: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Node | Call | EndPoint):
            scopes[_word("".join(map(str, item.scope or ())).rpartition("/")[2])] = None
        if isinstance(item, Node):
            layers[_word(type(item.layer).__name__)] += 1
    return scopes | dict.fromkeys(layers)


def _word(text: str) -> str:
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()


def _size(function: Function) -> str:
    """The height and width of the first input that has them."""
    for value in function.inputs:
        lengths = value.type.shape[1:-1]
        if lengths and all(lengths):
            return "x".join(str(length) for length in lengths)
    return ""
