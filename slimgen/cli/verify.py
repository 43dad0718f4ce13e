"""`slimgen verify`: compare a network with its original in another library."""

import difflib
import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from slimgen.cli.build_targets import Choices, targets_of_files
from slimgen.cli.compiling import PATH, choice_options, load, run_compiler
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import write_output
from slimgen.frozen import Frozen
from slimgen.ir.graph import Graph, Network
from slimgen.ir.unroll import applied, unroll
from slimgen.layers.declaration import Shape
from slimgen.messages import verifying
from slimgen.source import Source
from slimgen.verify import originals
from slimgen.verify.against import Against, parse_against
from slimgen.verify.request import ComparisonRequest, Failure
from slimgen.verify.session import compare, missing_packages
from slimgen.verify.verdict import Verdict, verdict_json, verdict_text

# Rounding grows with depth: networks of more layers are held to the second number.
TOLERANCES = (1e-5, 1e-4)
DEEP = 200

# How alike a name must be to be suggested: `lenet` does not mean `alexnet_v2`.
NEAR = 0.75


def _parse_against(
    _context: click.Context, _parameter: click.Parameter, given: str
) -> Against:
    try:
        return parse_against(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _parse_size(
    _context: click.Context, _parameter: click.Parameter, given: str | None
) -> tuple[int, ...] | None:
    if given is None:
        return None
    parts = given.split("x")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"'{given}' is not a size; write 64x64 or 64x64x3.")
    return tuple(map(int, parts))


def _parse_tolerance(
    _context: click.Context, _parameter: click.Parameter, given: float | None
) -> float | None:
    if given is not None and not math.isfinite(given):
        raise click.BadParameter(f"{given} is not a finite number.")
    return given


def resized(shape: Shape, size: tuple[int, ...]) -> Shape | None:
    """Return an image's shape with `size` as its whole shape, or as its last spatial lengths.

    None: `size` has too many lengths, or other channels than the network takes.
    """
    if len(size) < len(shape):
        return (*shape[: len(shape) - 1 - len(size)], *size, shape[-1])
    fits = len(size) == len(shape) and shape[-1] in (None, size[-1])
    return size if fits else None


@click.command(epilog="""\b
Examples:
  slimgen verify vgg16.slim --against tf_slim:vgg_16
  slimgen verify vgg16.slim --against keras:VGG16 --size 64x64
  slimgen verify tower.slim --against 'tf_slim:my_nets:tower(depth=3)'
""")
@click.argument("file", type=PATH)
@click.option(
    "--against",
    required=True,
    metavar="LIBRARY:NAME",
    callback=_parse_against,
    help="tf_slim:NAME or keras:NAME, a network of the library; LIBRARY:MODULE:FUNCTION, one "
    "of your own. Keyword arguments may follow in parentheses.",
)
@click.option(
    "--weights",
    type=click.Path(readable=False),
    metavar="FILE",
    help="Weights in the library's format (default: random values that the library saves).",
)
@click.option(
    "--size",
    callback=_parse_size,
    metavar="HxW",
    help="Size of the images, 64x64 or 64x64x3; of videos 16x64x64 or 64x64 (default: the "
    "network's).",
)
@click.option(
    "--batch",
    default=2,
    show_default=True,
    type=click.IntRange(1),
    help="Number of images.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, min_open=True),
    callback=_parse_tolerance,
    help="Largest difference allowed, relative to the largest magnitude (default: 1e-5; 1e-4 "
    "for more than 200 layers).",
)
@click.option(
    "--training",
    is_flag=True,
    help="Compare a step of training too: loss, gradients, moving averages.",
)
@click.option(
    "--format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Format of the result, on standard output.",
)
@choice_options
@reporting
def verify(
    reporter: CommandReport,
    *,
    file: str,
    against: Against,
    format: str,
    defines: tuple[tuple[str, str], ...],
    networks: tuple[str, ...],
    **settings: Any,
) -> None:
    """Compare a network with its original in TF-Slim or Keras.

    Both networks get the same weights and the same random images. Prints the largest difference
    of each end point, and the first that exceeds the tolerance: then the exit code is 1.
    """
    if len(networks) > 1:
        raise click.UsageError("'--network' stands once here.")
    comparison = Comparison(reporter, against, Choices(defines, networks), **settings)
    verdict = comparison.run(file)
    if verdict is None:
        return
    write_output(verdict_json(verdict) if format == "json" else verdict_text(verdict))
    if verdict.diverges is not None:
        reporter.fail()


class Comparison(Frozen):
    """One run of the command: its options, and the reporter of its findings."""

    reporter: CommandReport
    against: Against
    choices: Choices
    weights: str | None
    size: tuple[int, ...] | None
    batch: int
    tolerance: float | None
    training: bool

    def run(self, file: str) -> Verdict | None:
        """Return the verdict; None after an error is reported."""
        if not self._has_original():
            return None
        (target,) = targets_of_files([file], None, None, self.choices)
        source = load(target, self.reporter)
        if source is None:
            return None
        found = run_compiler(source, self.choices, self.reporter, emit=False)
        if found is None or found.graph is None:
            return None
        network = self._choose(found.graph)
        shape = self._shape_of(network) if network else None
        if network is None or shape is None:
            return None
        return self._compare(source, network, shape)

    def _has_original(self) -> bool:
        """Whether the library is installed and has the network, and the weights exist."""
        library, name = self.against.library, self.against.name
        missing = missing_packages(library)
        if missing:
            return self.reporter.report(verifying.packages_missing(library, missing))
        known = originals.networks(library)
        if self.against.module is None and name not in known:
            plain = {_plain(one): one for one in known}
            close = difflib.get_close_matches(_plain(name), plain, 1, NEAR)
            near = plain[close[0]] if close else ""
            return self.reporter.report(verifying.unknown_original(library, name, near))
        if self.weights and not _is_there(Path(self.weights)):
            missing_file = f"`{self.weights}` does not exist"
            original = verifying.original_fails(str(self.against), missing_file)
            return self.reporter.report(original)
        return True

    def _choose(self, graph: Graph) -> Network | None:
        """Return the network of the original's name, or the only one."""
        name = _plain(self.against.name)
        chosen = [n for n in graph.networks if _plain(n.name) == name]
        if not chosen and len(graph.networks) > 1:
            names = [network.name for network in graph.networks]
            self.reporter.report(verifying.several_networks(names))
            return None
        return (chosen or list(graph.networks))[0]

    def _shape_of(self, network: Network) -> tuple[int, ...] | None:
        """Return the shape of the images; None after an error is reported."""
        name, reason = network.name, ""
        shape: Shape = ()
        if len(network.inputs) != 1 or len(network.outputs) != 1:
            reason = "it has several inputs or outputs"
        else:
            shape = network.inputs[0].value.type.shape[1:]
            if self.size is not None:
                given = resized(shape, self.size)
                if given is None:
                    own, other = _written(shape), _written(self.size)
                    reason = f"its images are {own}, '--size' is {other}"
                shape = given or shape
            if network.inputs[0].value.type.dtype != "float32":
                reason = "its input is not of float32"
            elif None in shape:
                reason = "the size of its images is free, and '--size' does not fix it"
        if reason:
            self.reporter.report(verifying.not_comparable(name, reason))
            return None
        return tuple(size for size in (self.batch, *shape) if size is not None)

    def _compare(
        self, source: Source, network: Network, shape: tuple[int, ...]
    ) -> Verdict | None:
        defines = self.choices.defines
        if self.size is not None:
            image = "x".join(map(str, shape[1:]))
            name = network.inputs[0].name
            defines = (*((k, v) for k, v in defines if k != name), (name, image))
        choices = Choices(defines, (network.name,))
        made = run_compiler(source, choices, self.reporter, emit=True)
        if made is None or made.code is None or made.graph is None:
            return None
        request = ComparisonRequest(
            self.against,
            "",
            shape,
            classes=_classes(network),
            weights=str(Path(self.weights).absolute()) if self.weights else None,
        )
        with tempfile.TemporaryDirectory(prefix="slimgen-") as folder:
            try:
                found, step = self._run(request, made.code, Path(folder))
            except Failure as failure:
                self._report(failure, network.name)
                return None
        return Verdict(
            source.name,
            network.name,
            str(self.against),
            shape,
            self.tolerance or _tolerance(made.graph),
            found,
            step,
        )

    def _run(
        self, request: ComparisonRequest, code: str, folder: Path
    ) -> tuple[Any, Any]:
        """Return the differences of the end points, and those of a step of training."""
        model = folder / "model.py"
        model.write_text(code, encoding="utf-8")
        found = compare(replace(request, model=str(model)), folder)
        if not self.training:
            return found, None
        smooth = replace(request, model=str(model), training=True, smooth=True)
        return found, compare(smooth, folder)["training"]

    def _report(self, failure: Failure, network: str) -> None:
        if failure.kind == "original":
            original = str(self.against)
            self.reporter.report(verifying.original_fails(original, failure.message))
        else:
            self.reporter.report(
                verifying.not_comparable(network, failure.message, failure.help)
            )


def _written(shape: Shape) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)


def _is_there(weights: Path) -> bool:
    """Whether a file exists, or a checkpoint of TensorFlow with this prefix."""
    return weights.exists() or weights.with_name(f"{weights.name}.index").exists()


def _plain(name: str) -> str:
    """Return the common form of a name: `vgg_16`, `VGG16` and `keras_vgg16` are equal."""
    return name.replace("_", "").lower().removeprefix("keras")


def _classes(network: Network) -> int | None:
    """Return the number of classes: 0 for `none`, None without such a parameter."""
    parameters = dict(network.parameters)
    classes = parameters.get("classes") or 0
    return classes if "classes" in parameters and isinstance(classes, int) else None


def _tolerance(graph: Graph) -> float:
    layers = applied(unroll(graph, graph.networks[0]).parts)
    return TOLERANCES[sum(1 for _ in layers) > DEEP]
