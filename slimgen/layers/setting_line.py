"""Declarations of lines that make no tensors: of jobs, and about a network's weights."""

from collections.abc import Mapping
from typing import ClassVar

from slimgen.layers.declaration import Declaration


class SettingLine(Declaration):
    """A line that says how something is done, with all its arguments."""

    # The first argument of a line may pick a form, which has arguments of its own.
    forms: ClassVar[Mapping[str, "type[SettingLine]"]] = {}
    form: ClassVar[str] = ""  # the word that picks this form
    takes_names: ClassVar[bool] = False  # names of the model's need no quotes
    takes_braces: ClassVar[bool] = False  # lines of its own may follow, between braces
    gathers: ClassVar[bool] = False  # all arguments without a key are one list
