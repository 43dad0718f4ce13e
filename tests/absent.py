"""Let a package that is installed be absent."""

import sys
from types import ModuleType
from typing import Any

import pytest


def hide_package(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let no finder find the package `name`, imported already or not."""

    class Hidden:
        @staticmethod
        def find_spec(fullname: str, *_: Any) -> ModuleType | None:
            if fullname == name:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return None

    monkeypatch.setattr(sys, "meta_path", [Hidden, *sys.meta_path])
    monkeypatch.delitem(sys.modules, name, raising=False)
