"""Diagnostics of `slimgen verify`: E94x."""

from collections.abc import Sequence

from slimgen.diagnostics import Diagnostic


def packages_missing(library: str, packages: Sequence[str]) -> Diagnostic:
    """Report packages of the original's library that are not installed."""
    names = ", ".join(f"`{name}`" for name in packages)
    are = "is" if len(packages) == 1 else "are"
    return Diagnostic(
        "E940",
        f"to compare with {library}, {names} {are} missing",
        help="`pip install 'slimgen[verify]'` installs the packages",
    )


def unknown_original(library: str, name: str, near: str) -> Diagnostic:
    """Report a network that the library does not have; `near` is the most similar name."""
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
    """Report an original that cannot be built, or that refuses the weights."""
    return Diagnostic("E941", f"`{original}` cannot be run", help=reason)


def not_comparable(network: str, reason: str, help: str = "") -> Diagnostic:
    """Report a network that cannot be compared; `reason` is a clause."""
    return Diagnostic("E942", f"`{network}` cannot be compared: {reason}", help=help)


def several_networks(names: Sequence[str]) -> Diagnostic:
    """Report a file with several networks, none with the original's name."""
    return Diagnostic(
        "E942",
        "the file has several networks, and none has the original's name",
        help=f"pick one with `--network`: {', '.join(names)}",
    )
