"""What stands in the way of a comparison with another library: E94x."""

from collections.abc import Sequence

from slimgen.diagnostics import Diagnostic


def packages_missing(library: str, packages: Sequence[str]) -> Diagnostic:
    """The original's library, or what it needs, is not installed."""
    names = ", ".join(f"`{name}`" for name in packages)
    are = "is" if len(packages) == 1 else "are"
    return Diagnostic(
        "E940",
        f"to compare with {library}, {names} {are} missing",
        help="`pip install 'slimgen[verify]'` installs what is needed",
    )


def unknown_original(library: str, name: str, near: str) -> Diagnostic:
    """The library has no network of this name; `near` is the likely intention."""
    return Diagnostic(
        "E941",
        f"{library} has no network `{name}`",
        help=(
            f"did you mean `{near}`?"
            if near
            else f"a function of your own is `{library}:MODULE:{name}`"
        ),
    )


def original_fails(original: str, reason: str) -> Diagnostic:
    """The original cannot be built, or refuses the weights."""
    return Diagnostic("E941", f"`{original}` cannot be run", help=reason)


def not_comparable(network: str, reason: str, help: str = "") -> Diagnostic:
    """The network is none that can be compared; `reason` is a clause."""
    return Diagnostic("E942", f"`{network}` cannot be compared: {reason}", help=help)


def several_networks(names: Sequence[str]) -> Diagnostic:
    """The file has several networks, and none has the original's name."""
    return Diagnostic(
        "E942",
        "the file has several networks, and none of the original's name",
        help=f"pick one with `--network`: {', '.join(names)}",
    )
