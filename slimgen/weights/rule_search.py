"""As few rules as possible that stand for given pairs of names, the first that fits deciding."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from slimgen.elaborate.name_patterns import MOST_WILD, NTH, PatternError, read_pattern
from slimgen.emit.name_pairs import pair_names, written_list
from slimgen.frozen import Frozen
from slimgen.syntax.tokens import RESERVED
from slimgen.weights.name_programs import (
    FixedText,
    ListedText,
    NameExample,
    NamePart,
    Program,
    RuleCount,
    find_program,
)

DIGITS = re.compile(r"[0-9]+")
PIECES = re.compile(r"[0-9]+|[^0-9]+")
PLAIN = re.compile(r"[^{}*,=\[(\s\"]+")  # a name whose parts any list may hold
MOST_VARIED = 6  # components of a name that may become parts
MOST_EXCEPTIONS = 6  # forms of names that get rules before a rule
MOST_TRIED = 1_000  # rules
FULL = 0.7  # of the combinations of a rule's lists
LETTERS = "ijklmnop"


class NamedPair(Frozen):
    """A variable, its value's name, and the changes of the value as a rule writes them."""

    ours: str
    theirs: str
    changes: str


class FoundRule(Frozen):
    """A rule, and the pairs that it decides."""

    pattern: str
    source: str
    changes: str
    pairs: tuple[NamedPair, ...]

    @property
    def text(self) -> str:
        """The rule as a line of a map."""
        return f'rename "{self.pattern}" "{self.source}"{self.changes}'


class NameForm(Frozen):
    """A form of variables' names: components of texts and parts (None).

    Attributes:
        is_open: Anything may stand before the components.
    """

    components: tuple[tuple[str | None, ...], ...]
    is_open: bool = False

    def fits(self, form: Sequence[str]) -> bool:
        """True if names of a form, whose numbers are all 0, may be of this one."""
        size = len(self.components)
        if len(form) < size + self.is_open or (len(form) > size and not self.is_open):
            return False
        return all(
            whole == (None,) or "".join(p or "0" for p in whole) == own
            for whole, own in zip(self.components, form[-size:], strict=True)
        )

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression for names of this form, with a group for each part."""
        part = "([^/]+)"
        components = [
            "".join(part if piece is None else re.escape(piece) for piece in component)
            for component in self.components
        ]
        return re.compile(("(?:.*/)" if self.is_open else "") + "/".join(components))


def search_rules(pairs: Sequence[NamedPair], others: Iterable[str]) -> list[FoundRule]:
    """Return rules that name each variable's value and fit no other variable.

    Args:
        pairs: In the network's order.
        others: Variables that no rule may fit.
    """
    if not all(PLAIN.fullmatch(f"{one.ours}{one.theirs}") for one in pairs):
        return list(literal_rules(pairs))
    search = _RuleSearch(pairs, list(others))
    rules = search.rules(dict.fromkeys(pairs))
    return [*literal_rules(search.failed), *rules]


def literal_rules(pairs: Sequence[NamedPair]) -> Iterator[FoundRule]:
    """Yield rules of lists alone, which stand for exactly these pairs."""
    named = [(one.ours, one.theirs, one.changes) for one in pairs]
    left = list(pairs)
    for ours, theirs, changes in pair_names(named):
        pattern = read_pattern(ours)
        fitting = tuple(one for one in left if pattern.fit(one.ours))
        yield FoundRule(ours, theirs, changes, fitting)


class _RuleSearch:
    def __init__(self, pairs: Sequence[NamedPair], others: Sequence[str]) -> None:
        self.others = others
        self.left = MOST_TRIED * 100 // (100 + len(pairs))  # each try reads the names
        self.failed: list[NamedPair] = []
        self.todo = dict.fromkeys(pairs)
        self.forms: dict[str, list[NamedPair]] = {}
        for one in pairs:
            self.forms.setdefault(_form(one.ours), []).append(one)
        split = {form: form.split("/") for form in self.forms}
        self.fitting: dict[NameForm, list[str]] = {}
        templates = dict.fromkeys(t for form in self.forms for t in _templates(form))
        for template in templates:
            self.fitting[template] = [f for f in split if template.fits(split[f])]

    def rules(
        self, wanted: dict[NamedPair, None], inner: bool = False
    ) -> list[FoundRule]:
        """Return rules for the wanted pairs, which are exact for all that are left."""
        rules: list[FoundRule] = []
        while left := [one for one in wanted if one in self.todo]:
            found = self._best(left, inner)
            if found is None:
                self.failed += _alike(left)
            rules += found or ()
            done = [one for rule in found or () for one in rule.pairs]
            for one in done or _alike(left):
                self.todo.pop(one, None)
        return rules

    def _best(self, wanted: Sequence[NamedPair], inner: bool) -> list[FoundRule] | None:
        """Return the rule that decides the most, after rules for its exceptions."""
        forms = {_form(one.ours) for one in wanted}
        open_ = Counter(_form(one.ours) for one in self.todo)
        sizes = {
            template: sum(open_[form] for form in fitting)
            for template, fitting in self.fitting.items()
            if not forms.isdisjoint(fitting)
        }
        for template in sorted(sizes, key=lambda t: (-sizes[t], _width(t))):
            if self.left <= 0:
                return None
            fitting = set(self.fitting[template])
            pairs = [one for one in self.todo if _form(one.ours) in fitting]
            rule = self._rule(template, pairs)
            if rule is not None:
                return [rule]
            found = None if inner else self._with_exceptions(template, pairs)
            if found is not None:
                return found
        return None

    def _with_exceptions(
        self, template: NameForm, pairs: Sequence[NamedPair]
    ) -> list[FoundRule] | None:
        for kind in (_changes_of, _their_form):
            kinds = Counter(map(kind, pairs))
            most, count = kinds.most_common(1)[0]
            if len(kinds) == 1 or count < max(4, 0.7 * len(pairs)):
                continue
            rest = [one for one in pairs if kind(one) != most]
            if len({_form(one.ours) for one in rest}) > MOST_EXCEPTIONS:
                continue
            chosen = [one for one in pairs if kind(one) == most]
            rule = self._rule(template, chosen, rest)
            if rule is None:
                continue
            kept, failed = dict(self.todo), list(self.failed)
            before = self.rules(dict.fromkeys(rest), inner=True)
            taken = {one for it in before for one in it.pairs}
            if not taken.isdisjoint(chosen):
                left = [one for one in chosen if one not in taken]
                rule = self._rule(template, left, rest) if left else None
            before += literal_rules(self.failed[len(failed) :])
            self.todo, self.failed = kept, failed
            if rule is not None:
                return [*before, rule]
        return None

    def _rule(
        self,
        template: NameForm,
        pairs: Sequence[NamedPair],
        before: Sequence[NamedPair] = (),
    ) -> FoundRule | None:
        """Return a rule for the pairs, where rules before it decide about some others."""
        if len({one.changes for one in pairs}) > 1 or self.left <= 0:
            return None
        self.left -= 1
        regex = template.regex
        examples = []
        for one in pairs:
            found = regex.fullmatch(one.ours)
            assert found is not None
            examples.append(NameExample(found.groups(), one.theirs))
        program = find_program(examples)
        if program is None or not _is_clear(template, examples, program):
            return None
        written = _written(template, examples, program)
        if written is None:
            return None
        pattern, source = written
        try:
            fitting = read_pattern(pattern)
        except PatternError:
            return None
        own = {*pairs, *before}
        other = (one.ours for one in self.todo if one not in own)
        if any(map(fitting.fit, (*self.others, *other))):
            return None
        return FoundRule(pattern, source, pairs[0].changes, tuple(pairs))


def _alike(pairs: Sequence[NamedPair]) -> list[NamedPair]:
    """The pairs whose variables have a name of the first one's form."""
    form = _form(pairs[0].ours)
    return [one for one in pairs if _form(one.ours) == form]


@lru_cache(maxsize=10_000)
def _form(name: str) -> str:
    return DIGITS.sub("0", name)


def _changes_of(pair: NamedPair) -> object:
    return pair.changes


def _their_form(pair: NamedPair) -> object:
    return _form(re.split(r"[/.][^/.]*$", pair.theirs)[0])


def _width(template: NameForm) -> tuple[bool, int, int]:
    whole = template.components.count((None,))
    return template.is_open, whole, len(template.components)


def _is_clear(
    template: NameForm, examples: Sequence[NameExample], program: Program
) -> bool:
    """True if a rule says one thing: its lists go together in most combinations."""
    lists = [piece for piece in program if isinstance(piece, ListedText)]
    if template.is_open and not any(isinstance(piece, RuleCount) for piece in program):
        return False
    chosen = {tuple(one.parts[piece.slot] for piece in lists) for one in examples}
    if len(chosen) < FULL * math.prod(len(piece.texts) for piece in lists):
        return False
    leaf = len(examples[0].parts) - 1 if template.components[-1] == (None,) else None
    return all(
        piece.slot == leaf or 2 * len(piece.texts) <= len(examples) for piece in lists
    )


def _templates(form: str) -> Iterator[NameForm]:
    """The forms of names like this one, from narrow to wide."""
    components = form.split("/")
    options: list[list[tuple[str | None, ...]]] = []
    fixed = max(0, len(components) - MOST_VARIED)
    for place, component in enumerate(components):
        pieces = tuple(
            None if piece[0] in "0123456789" else piece
            for piece in PIECES.findall(component)
        )
        options.append(
            [pieces] if place < fixed or pieces == (None,) else [pieces, (None,)]
        )
    for start in range(len(components)):
        for chosen in itertools.product(*options[start:]):
            yield NameForm(chosen, start > 0)


def _written(
    template: NameForm, examples: Sequence[NameExample], program: Program
) -> tuple[str, str] | None:
    """Write the pattern and the source's name; None if it has too many parts."""
    columns = list(zip(*(one.parts for one in examples), strict=True))
    lists = {
        piece.slot: piece.texts for piece in program if isinstance(piece, ListedText)
    }
    order = [piece.slot for piece in program if isinstance(piece, ListedText)]
    names: dict[int, str] = {}
    labels: dict[int, str] = {}
    pattern = "*/" if template.is_open else ""
    slot = 0
    for place, component in enumerate(template.components):
        pattern += "/" if place else ""
        for piece in component:
            if piece is not None:
                pattern += piece
                continue
            column = columns[slot]
            if slot in lists:
                labels[slot] = ""
                if order != sorted(order):
                    labels[slot] = (
                        _name(pattern, column, {*names.values(), *labels.values()})
                        + "="
                    )
                pattern += _list(labels[slot], [ours for ours, _ in lists[slot]])
            elif len(set(column)) == 1:
                pattern += column[0]
            else:
                is_leaf = place == len(template.components) - 1
                names[slot] = _name(
                    pattern, column, {*names.values(), *labels.values()}, is_leaf
                )
                pattern += f"{{{names[slot]}}}"
            slot += 1
    if len(names) + template.is_open > MOST_WILD:
        return None
    source = "".join(_source(piece, names, labels) for piece in program)
    return pattern, source


def _list(label: str, texts: Sequence[str]) -> str:
    written = written_list(texts)
    if not label:
        return written
    start, _, rest = written.partition("{")
    return f"{start}{{{label}{rest}"


def _source(
    piece: FixedText | NamePart | ListedText | RuleCount,
    names: dict[int, str],
    labels: dict[int, str],
) -> str:
    if isinstance(piece, FixedText):
        return piece.text
    if isinstance(piece, ListedText):
        return _list(labels[piece.slot], [theirs for _, theirs in piece.texts])
    name = NTH if isinstance(piece, RuleCount) else names[piece.slot]
    shift = f" {'-+'[piece.shift > 0]} {abs(piece.shift)}" if piece.shift else ""
    return f"{{{name}{shift}}}"


def _name(
    before: str, column: Sequence[str], taken: set[str], is_leaf: bool = False
) -> str:
    """A name for a part: of the word before a number, else of its place."""
    if all(text.isdigit() for text in column):
        words = re.findall(r"[a-z]+", before.rpartition("/")[2].lower())
        wanted: list[str] = [words[-1][0]] if words else []
        wanted += LETTERS
    else:
        wanted = ["leaf"] if is_leaf else ["part", "unit"]
        wanted += [f"part{n}" for n in range(1, MOST_WILD + 2)]
    return next(
        name
        for name in [*wanted, *(f"n{n}" for n in range(20))]
        if name not in taken and f"{name}=" not in taken and name not in RESERVED
    )
