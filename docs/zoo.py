"""Write docs/zoo.md: every network of examples/, and how it compares with its original.

    python docs/zoo.py [NETWORK…]

It also writes examples/networks.json, the table of `slimgen zoo`, and of that only the sources that
changed.

`make zoo` runs this. It counts lines and parameters each time. docs/zoo.json keeps the measured
differences, each with a digest of its sources; a comparison, at full size, runs again only when
the digest has changed. A stopped run continues with the next network.
"""

import ast
import datetime
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slimgen.cli.files import FileReader
from slimgen.cli.uses import with_files
from slimgen.compiler import Request, analyze
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import Network
from slimgen.ir.summary import SummaryTotals, summarize
from slimgen.source import Source

DOCS = Path(__file__).resolve().parent
EXAMPLES = DOCS.parent / "examples"
CARRIER = "tf_object_detection_api"
RESULTS = DOCS / "zoo.json"
PAGE = DOCS / "zoo.md"
TABLE = EXAMPLES / "networks.json"

HEAD = """\
<!-- Written by docs/zoo.py: `make zoo`. -->

# The zoo

Every network of [examples/](../examples), and how it was compared with its original by
[`slimgen verify`](commands.md#verify): the original saves random values in every variable with its
own code, the built file restores them, and both run the same images. *Values* is the largest
difference of an end point, in parts of the original's largest magnitude, *gradients* that of a step
of training, for one network of a family. Lines are those of code in the whole file, all its
networks in it, without comments, blanks and maps of weights; those of the original are its file and
what it imports from beside it, without docstrings, where it can be installed. `slimgen zoo` lists
the networks, [`use "zoo/resnet_v1.slim"`](language.md#14-files) finds them in any folder.

Networks that TF-Slim's package lacks are research/slim's own, from the package
`tf_object_detection_api` that carries them (`tests/oracle/research.py`; with `PYTHONPATH=tests` the
command compares them as it does the others). The gradients are those of a smooth network, softplus
for relu (the difference of two for relu6) and average for max pooling in both programs, for half an
ulp at the input turns units of relu on and off. A dash: no library has the network.

Values are within 1e-5, 1e-4 above 200 layers, and gradients within 1e-3, but for two values, which
rounding explains. Keras's InceptionV3 is 2e-5 apart in the middle and less at the end. CycleGAN's
logits are 2e-6 apart and several times as large as what its tanh makes of them, so that is 1.3e-5
apart.
"""


@dataclass(frozen=True)
class Row:
    """A network, its original, and the options of the comparison."""

    file: str
    network: str
    against: str = ""
    options: str = ""

    @property
    def path(self) -> Path:
        """Where its source is."""
        return EXAMPLES / f"{self.file}.slim"


def slim(file: str, network: str, options: str = "", original: str = "") -> Row:
    """Return a row of a network in TF-Slim's package."""
    return Row(file, network, f"tf_slim:{original or network}", options)


def research(file: str, network: str, options: str = "", original: str = "") -> Row:
    """Return a row of a network that only research/slim has, as the tests run it."""
    against = f"tf_slim:oracle.research:{original or network}"
    return Row(file, network, against, options)


def keras(file: str, network: str, original: str, options: str = "") -> Row:
    """Return a row of a network of Keras Applications."""
    return Row(f"zoo/keras/{file}", network, f"keras:{original}", options)


# A module of the same library in a line of an original.
IMPORTED = re.compile(
    r"^from (?:keras\.src\.applications|tf_slim\.nets|nets)\S* import (\w+)",
    re.MULTILINE,
)
RAW = "(include_preprocessing=False)"  # here that is `preprocess`, before the network
TRAINED = "--training -D keep_prob=1.0"
HALF = "(depth_multiplier=0.5, finegrain_classification_mode=True)"
NO_DROPS = "-D drop_rate=0.0"
# No program of TF-Slim has the names of these.
NO_SLIM = ("zoo/keras/", "zoo/unet", "zoo/vit")
WHOLE = "-D drop_path_keep_prob=1.0"
ROWS = [
    slim("alexnet_v2", "alexnet_v2", TRAINED),
    Row("zoo/alexnet", "alexnet"),
    slim("zoo/overfeat", "overfeat"),
    slim("vgg16", "vgg_16"),
    Row("vgg16_fc", "vgg16"),
    slim("zoo/vgg", "vgg_a", TRAINED),
    slim("zoo/vgg", "vgg_16"),
    slim("zoo/vgg", "vgg_19"),
    research("lenet", "lenet", TRAINED),
    research("zoo/cifarnet", "cifarnet", TRAINED),
    slim("zoo/inception_v1", "inception_v1", TRAINED),
    slim("zoo/inception_v2", "inception_v2", TRAINED),
    slim("inception_v3", "inception_v3", f"{TRAINED} --batch 4"),
    research("zoo/inception_v4", "inception_v4", f"{TRAINED} --batch 4"),
    research("zoo/inception_resnet_v2", "inception_resnet_v2", f"{TRAINED} --batch 4"),
    slim("resnet_v1", "resnet_v1_50", "--training"),
    slim("resnet_v1", "resnet_v1_101"),
    slim("resnet_v1", "resnet_v1_152"),
    slim("zoo/resnet_v1_200", "resnet_v1_200"),
    Row("resnet_backbone", "resnet_backbone"),
    slim("zoo/resnet_v2", "resnet_v2_50", "--training"),
    slim("zoo/resnet_v2", "resnet_v2_101"),
    slim("zoo/resnet_v2", "resnet_v2_152"),
    slim("zoo/resnet_v2", "resnet_v2_200"),
    research("zoo/mobilenet_v1", "mobilenet_v1", TRAINED),
    research("zoo/mobilenet_v2", "mobilenet_v2", TRAINED),
    research("zoo/mobilenet_v2", "mobilenet_v2_140"),
    research("zoo/mobilenet_v2", "mobilenet_v2_050", original=f"mobilenet_v2{HALF}"),
    research("zoo/mobilenet_v2", "mobilenet_v2_035"),
    research("zoo/mobilenet_v3", "mobilenet_v3_large", TRAINED),
    research("zoo/mobilenet_v3", "mobilenet_v3_large_minimalistic"),
    research("zoo/mobilenet_v3", "mobilenet_v3_small"),
    research("zoo/mobilenet_v3", "mobilenet_v3_small_minimalistic"),
    research("zoo/mobilenet_edgetpu", "mobilenet_edgetpu", TRAINED),
    research("zoo/mobilenet_edgetpu", "mobilenet_edgetpu_075"),
    research("zoo/nasnet", "nasnet_cifar"),
    research("zoo/nasnet", "nasnet_mobile", f"{TRAINED} {WHOLE} --batch 4"),
    research("zoo/nasnet", "nasnet_large"),
    research("zoo/pnasnet", "pnasnet_mobile", f"{TRAINED} {WHOLE} --batch 4"),
    research("zoo/pnasnet", "pnasnet_large"),
    research("zoo/i3d", "i3d", f"{TRAINED} --batch 1"),
    research("zoo/i3d", "s3dg"),
    Row("multi_task", "multi_task"),
    Row("zoo/unet", "unet"),
    Row("zoo/ssd_300", "ssd_300"),
    Row("zoo/retinanet", "retinanet"),
    Row("zoo/yolo_v3", "darknet_53"),
    Row("zoo/yolo_v3", "yolo_v3"),
    Row("zoo/facenet", "inception_resnet_v1"),
    Row("zoo/facenet", "facenet"),
    Row("zoo/xception_65", "xception_65"),
    Row("zoo/deeplab_v3_plus", "deeplab_v3_plus"),
    Row("zoo/deeplab_v3_plus", "deeplab_mobilenet_v2"),
    research("zoo/dcgan", "discriminator", "--training"),
    research("zoo/dcgan", "generator", "--training"),
    research("zoo/cyclegan", "cyclegan_generator_resnet", "--training"),
    research(
        "zoo/pix2pix",
        "pix2pix_generator",
        "--training -D keep_probs=[0,0,0,0,0,0,0]",
        "pix2pix_generator(num_outputs=3)",
    ),
    research(
        "zoo/pix2pix",
        "pix2pix_discriminator",
        "--training",
        "pix2pix_discriminator(num_filters=[64,128,256,512])",
    ),
    Row("zoo/vit", "vit_ti_16"),
    Row("zoo/vit", "vit_s_16"),
    Row("zoo/vit", "vit_b_16"),
    Row("zoo/vgg", "vgg_16", "keras:VGG16"),
    Row("zoo/vgg", "vgg_19", "keras:VGG19"),
    keras("resnet", "resnet50", "ResNet50", "--training"),
    keras("resnet", "resnet101", "ResNet101"),
    keras("resnet", "resnet152", "ResNet152"),
    keras("resnet_v2", "resnet50_v2", "ResNet50V2", "--training"),
    keras("resnet_v2", "resnet101_v2", "ResNet101V2"),
    keras("resnet_v2", "resnet152_v2", "ResNet152V2"),
    keras("inception_v3", "keras_inception_v3", "InceptionV3", "--training"),
    keras(
        "inception_resnet_v2",
        "keras_inception_resnet_v2",
        "InceptionResNetV2",
        "--training",
    ),
    keras("xception", "xception", "Xception", "--training"),
    keras("mobilenet_v1", "keras_mobilenet", "MobileNet", TRAINED),
    keras("mobilenet_v2", "keras_mobilenet_v2", "MobileNetV2", "--training"),
    keras(
        "mobilenet_v3", "keras_mobilenet_v3_small", f"MobileNetV3Small{RAW}", TRAINED
    ),
    keras("mobilenet_v3", "keras_mobilenet_v3_large", f"MobileNetV3Large{RAW}"),
    keras("nasnet", "keras_nasnet_mobile", "NASNetMobile", "--training"),
    keras("nasnet", "keras_nasnet_large", "NASNetLarge"),
    keras("densenet", "densenet121", "DenseNet121", "--training"),
    keras("densenet", "densenet169", "DenseNet169"),
    keras("densenet", "densenet201", "DenseNet201"),
    *(
        keras(
            "efficientnet",
            f"efficientnet_b{size}",
            f"EfficientNetB{size}{RAW}",
            "" if size else f"{TRAINED} {NO_DROPS}",
        )
        for size in range(8)
    ),
    *(
        keras(
            "efficientnet_v2",
            f"efficientnet_v2_b{size}",
            f"EfficientNetV2B{size}{RAW}",
            "" if size else f"{TRAINED} {NO_DROPS}",
        )
        for size in range(4)
    ),
    *(
        keras(
            "efficientnet_v2",
            f"efficientnet_v2_{size.lower()}",
            f"EfficientNetV2{size}{RAW}",
            "-D rescaled=false",
        )
        for size in "SML"
    ),
    *(
        keras(
            "convnext",
            f"convnext_{size.lower()}",
            f"ConvNeXt{size}{RAW}",
            "--training" if size == "Tiny" else "",
        )
        for size in ("Tiny", "Small", "Base", "Large", "XLarge")
    ),
]


def key(row: Row) -> str:
    """Return the key of a row's result."""
    return " ".join(part for part in (row.file, row.network, row.against) if part)


# Counts.


def digest_of(row: Row) -> str:
    """Return the digest of a network's sources, which is the same in every checkout."""
    text = row.path.read_text(encoding="utf-8")
    sources = with_files(Source(str(row.path), text), FileReader(Diagnostics()))
    texts = sorted((Path(one.name).name, one.text) for one in sources)
    return hashlib.sha256(repr(texts).encode()).hexdigest()[:16]


@cache
def network_of(path: Path, name: str) -> tuple[Network, SummaryTotals]:
    """Return a network at full size, and the sums over it."""
    source = Source(str(path), path.read_text(encoding="utf-8"))
    found = analyze(source, Request((), (name,)), FileReader(Diagnostics()))
    assert found.graph is not None, list(found.diagnostics)
    return found.graph.networks[0], summarize(found.graph).networks[0].totals


def own_lines(path: Path) -> int:
    """Return how many lines of a source are no comment, no blank and no map of weights."""
    text = path.read_text(encoding="utf-8")
    lines = re.sub(r"^ *weights .*?^ *\}$", "", text, flags=re.M | re.S).splitlines()
    return sum(1 for line in lines if line.partition("#")[0].strip())


def original_lines(against: str) -> int | None:
    """Return the lines of code in an original's file; None where it is not installed."""
    from slimgen.verify.against import parse_against
    from slimgen.verify.originals import networks

    if not against:
        return None
    parsed = parse_against(against)
    if parsed.module is not None:
        return research_lines(parsed.name)
    module = networks(parsed.library).get(parsed.name)
    spec = find_spec(module.partition(".")[0]) if module else None
    if module is None or spec is None or spec.submodule_search_locations is None:
        return None
    root = Path(spec.submodule_search_locations[0])
    path = root.joinpath(*module.split(".")[1:]).with_suffix(".py")
    return lines_with_imports(path.stem, path.parent.glob("*.py"))


def research_lines(network: str) -> int | None:
    """Return the lines of research/slim's file and of all that it imports from beside it."""
    spec = find_spec("nets")
    if spec is None or spec.submodule_search_locations is None:
        return None
    files = sorted(Path(spec.submodule_search_locations[0]).rglob("*.py"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in files}
    named = re.search(rf"'{network}': (\w+)\.", texts["nets_factory"])
    defined = (k for k, text in texts.items() if f"\ndef {network}(" in text)
    return lines_with_imports(next(defined, named and named[1]), files)


def lines_with_imports(module: str, files: Iterable[Path]) -> int:
    """Return the lines of a module, and of those of `files` that it imports."""
    beside = {path.stem: path for path in files}
    wanted = [module]
    for name in wanted:
        found = IMPORTED.findall(beside[name].read_text(encoding="utf-8"))
        wanted += [one for one in found if one in beside and one not in wanted]
    texts = (beside[name].read_text(encoding="utf-8") for name in wanted)
    return sum(len(set(code_lines(text))) for text in texts)


def preprocessing_lines(path: Path) -> int:
    """Return the lines of research/slim's file that a `preprocess` line stands for."""
    named = re.search(r"^ *.*\bpreprocess (\w+)$", path.read_text("utf-8"), re.M)
    spec = find_spec("preprocessing")
    if named is None or spec is None or spec.submodule_search_locations is None:
        return 0
    root = Path(spec.submodule_search_locations[0])
    text = (root / f"{named[1]}_preprocessing.py").read_text(encoding="utf-8")
    return len(set(code_lines(text)))


def code_lines(text: str) -> Iterator[int]:
    """Yield the numbers of lines that hold code: no blanks, comments or docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    strings = {
        (node.body[0].lineno, node.body[0].end_lineno)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    }
    silent = {n for first, last in strings for n in range(first, (last or first) + 1)}
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT)
    skipped += (tokenize.DEDENT, tokenize.ENDMARKER)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped:
            yield from set(range(token.start[0], token.end[0] + 1)) - silent


# The table of `slimgen zoo`.


def table(old: dict[str, Any]) -> dict[str, Any]:
    """Return the table; what did not change since `old` is taken from there."""
    rows = {(zoo_path(row), row.network): row for row in ROWS}
    digests = {zoo_path(row): digest_of(row) for row in ROWS}
    known = {
        (entry["source"], entry["network"]): entry
        for entry in old["networks"]
        if old["digests"].get(entry["source"]) == digests.get(entry["source"])
    }
    order = sorted(rows, key=lambda key: key[0])
    networks = [known.get(key) or entry_of(rows[key]) for key in order]
    return {"digests": digests, "networks": networks}


def zoo_path(row: Row) -> str:
    """Return the path by which `use` names a source."""
    return f"zoo/{row.file.removeprefix('zoo/')}.slim"


def entry_of(row: Row) -> dict[str, Any]:
    """Return what the table says of a network."""
    network, totals = network_of(row.path, row.network)
    shapes = (one.value.type.shape[1:] for one in network.inputs)
    return {
        "source": zoo_path(row),
        "network": row.network,
        "input": ", ".join("x".join(map(str, shape)) for shape in shapes),
        "parameters": totals.parameters,
        "preprocess": network.preprocess and network.preprocess.family,
        "weights": list(filter(None, weights(row).split(", "))),
    }


def table_text(entries: dict[str, Any]) -> str:
    """Return the table as its file has it."""
    return json.dumps(entries, indent=1, sort_keys=True) + "\n"


# Measurements.


def measure(row: Row, digest: str) -> dict[str, Any]:
    """Compare a network with its original at full size."""
    command = [sys.executable, "-m", "slimgen", "verify", str(row.path)]
    command += ["--network", row.network, "--against", row.against, "--format", "json"]
    finished = subprocess.run(
        [*command, *row.options.split()],
        env={**os.environ, "PYTHONPATH": str(DOCS.parent / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout, finished.stderr
    found = json.loads(finished.stdout)
    points = [one["difference"] for one in found["end_points"]]
    training = found["training"]
    return {
        "digest": digest,
        "date": datetime.date.today().isoformat(),
        "libraries": {**found["libraries"], **carriers(row)},
        "images": found["images"],
        "values": max([*points, found["output"]]),
        "gradients": training and training["gradients"],
        "diverges": found["diverges"],
    }


def carriers(row: Row) -> dict[str, str]:
    """Return the version of the package that carries research/slim, where a row is of it."""
    if ":oracle.research:" not in row.against:
        return {}
    return {CARRIER: metadata.version(CARRIER)}


def results() -> dict[str, Any]:
    """Return what has been measured."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


# The page.


def page(measured: dict[str, Any]) -> str:
    """Return the whole page."""
    head = ("network", "lines", "original's", "parameters", "multiply-adds")
    head += ("compared with", "images", "values", "gradients", "weights")
    table = [head, ["---"] * len(head), *(cells(row, measured) for row in ROWS)]
    lines = [f"| {' | '.join(line)} |" for line in table]
    return "\n".join([HEAD, *lines, "", *measurements(measured), ""])


def cells(row: Row, measured: dict[str, Any]) -> Sequence[str]:
    """Return a row's cells."""
    _, totals = network_of(row.path, row.network)
    found = measured.get(key(row))
    lines = original_lines(row.against)
    multiply_adds = totals.multiply_adds
    return (
        f"[{row.network}](../examples/{row.file}.slim)",
        str(own_lines(row.path)),
        "–" if lines is None else str(lines),
        f"{totals.parameters:,}",
        "–" if multiply_adds is None else f"{multiply_adds:,}",
        f"`{row.against}`" if row.against else "–",
        *outcome(row, found),
        weights(row),
    )


def outcome(row: Row, found: dict[str, Any] | None) -> tuple[str, str, str]:
    """Return the images of a comparison and its differences."""
    if not row.against:
        return "–", "–", "–"
    if found is None:
        return "not yet", "", ""
    gradients = found["gradients"]
    images = "×".join(map(str, found["images"]))
    return images, number(found["values"]), number(gradients)


def number(value: float | None) -> str:
    """Return a difference."""
    return "" if value is None else "0" if value == 0 else f"{value:.0e}"


def weights(row: Row) -> str:
    """Return the sources of weights whose names a network has, or has maps for."""
    network, _ = network_of(row.path, row.network)
    own = not row.file.startswith(NO_SLIM)
    return ", ".join([*["slim"] * own, *(one.format for one in network.maps)])


def measurements(measured: dict[str, Any]) -> Iterable[str]:
    """Yield what was measured when, and with what."""
    made = {
        (
            found["date"],
            ", ".join(f"{k} {v}" for k, v in sorted(found["libraries"].items())),
        )
        for found in measured.values()
    }
    for date, libraries in sorted(made):
        yield f"Measured on {date} with {libraries}."


def main() -> None:
    """Measure what is not current, then write the page."""
    measured = results()
    for row in ROWS:
        digest = digest_of(row)
        chosen = not sys.argv[1:] or row.network in sys.argv[1:]
        if (
            row.against
            and chosen
            and measured.get(key(row), {}).get("digest") != digest
        ):
            measured[key(row)] = measure(row, digest)
            text = json.dumps(measured, indent=2, sort_keys=True) + "\n"
            replace(RESULTS, text)
            sys.stderr.write(f"{key(row)}: {measured[key(row)]['values']:.1e}\n")
    replace(PAGE, page(measured))
    replace(TABLE, table_text(table(json.loads(TABLE.read_text(encoding="utf-8")))))


def replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    main()
