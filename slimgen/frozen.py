"""The base of immutable values: dataclasses whose methods are written once.

`@dataclass(frozen=True)` compiles six methods for each class. For the 300 classes of the
compiler that took a fifth of a short build. Here a class has only its own `__init__`.
`mypy` reports an assignment to a field; nothing checks it a second time at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from dataclasses import Field

    from typing_extensions import dataclass_transform as dataclass_transform
else:
    ClassT = TypeVar("ClassT")

    def dataclass_transform(**_: object) -> Callable[[ClassT], ClassT]:
        """Return a class as it is: only type checkers ask (in `typing` from Python 3.11)."""
        return lambda cls: cls


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Frozen:
    """A value that does not change; equal to another of its class with equal fields.

    A subclass lists its fields as a dataclass does: `field(compare=False)` leaves one out
    of equality and hash, `field(repr=False)` out of the text.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    # The class and the fields that make two values equal.
    _compared: ClassVar[attrgetter[tuple[object, ...]]]

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        super().__init_subclass__()
        dataclass(eq=False, repr=False, kw_only=kw_only)(cls)
        compared = (one.name for one in fields(cls) if one.compare)
        cls._compared = attrgetter("__class__", *compared)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._compared(self) == self._compared(other)

    def __hash__(self) -> int:
        return hash(self._compared(self))

    def __repr__(self) -> str:
        shown = (one.name for one in fields(self) if one.repr)
        listed = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__name__}({listed})"
