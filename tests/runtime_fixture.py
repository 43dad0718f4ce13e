"""A compiled LeNet for the tests of the emitted runtime: network text and rendered parts."""

import dataclasses
from pathlib import Path
from typing import Any

import black
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent
MODE = black.Mode()

# The order in the file, with what each part imports beside TensorFlow.
PARTS = {
    "entry": ["dataclasses", "re", "numpy as np"],
    "network": [],
    "names": [],
    "restore": [
        "dataclasses",
        "difflib",
        "fnmatch",
        "re",
        "collections.abc.Callable",
        "numpy as np",
    ],
    "read_checkpoint": ["contextlib", "re"],
    "formats": ["contextlib", "os"],
    "preprocess": [],
    "outputs": [],
    "settings": ["dataclasses", "math"],
    "data": ["glob", "os"],
    "device": ["re"],
    "optimizer": [],
    "train": ["json", "math", "os", "sys", "time"],
    "evaluate": [],
    "main": ["argparse", "sys"],  # and `more_imports`
}


def py(value: Any) -> str:
    """A Python literal as black writes it."""
    # Not alone on its line: black would trim it as a docstring.
    return black.format_str(f"x = {value!r}", mode=MODE)[4:].strip()


@dataclasses.dataclass(frozen=True)
class Network:
    name: str
    class_name: str
    preprocess: str


@dataclasses.dataclass(frozen=True)
class Preprocess:
    families: tuple[str, ...]
    resize: tuple[int, int] = (256, 512)
    fast: bool = True
    free_size: bool = False
    grey: bool = False


@dataclasses.dataclass(frozen=True)
class Labels:
    names: tuple[str, ...] = ()
    offset: int = 0


@dataclasses.dataclass(frozen=True)
class Train:
    data: str = "train-*.tfrecord"
    image_key: str = "image/encoded"
    label_key: str = "image/class/label"
    directory: str = "runs/lenet"
    batch: int = 32
    steps: int = 20000
    learning_rate: float = 0.01
    schedule: str = "fixed"
    decay: float = 0.94
    decay_every: float = 2.0
    decay_unit: str = "epochs"
    momentum: float = 0.9
    label_smoothing: float = 0.0
    auxiliary: tuple[tuple[str, float], ...] = ()
    shuffle: int = 2048
    seed: int = 0
    save_minutes: float = 10.0
    save_steps: int = 0
    keep: int = 5
    log_steps: int = 10


@dataclasses.dataclass(frozen=True)
class Program:
    """What the templates may ask."""

    networks: tuple[Network, ...] = (Network("lenet", "Lenet", "lenet"),)
    preprocess: Preprocess | None = Preprocess(("lenet",), grey=True)
    classifier: bool = True
    labels: Labels = Labels()
    train: Train | None = None
    formats: tuple[str, ...] = ("slim",)
    others: str = ""

    def parts(self) -> list[str]:
        """The parts that the file needs, in order."""
        needs = {
            "preprocess": self.preprocess is not None,
            "outputs": self.classifier,
        }
        for part in ("settings", "data", "device", "optimizer", "train", "evaluate"):
            needs[part] = self.train is not None
        return [part for part in PARTS if needs.get(part, True)]


ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER.parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)
ENVIRONMENT.filters["py"] = py


def render(part: str, program: Program) -> str:
    """The text of one part; those that hold a model's values are formatted."""
    fields = {f.name: getattr(program, f.name) for f in dataclasses.fields(program)}
    text = ENVIRONMENT.get_template(f"{part}.py.j2").render(fields)
    if part in ("names", "settings"):
        text = black.format_str(text, mode=MODE)
    return text


def more_imports(program: Program) -> list[str]:
    """What a part imports in some files only."""
    names = []
    if program.classifier:
        names += ["json"]
    if program.train:
        names += ["dataclasses"]
    if program.preprocess and not program.preprocess.fast:
        names += ["functools"]
    return names


def imports(names: list[str]) -> str:
    """The lines that import some modules."""
    lines = []
    for name in sorted(set(names)):
        module, _, member = name.rpartition(".")
        lines.append(f"from {module} import {member}" if module else f"import {name}")
    lines.sort(key=lambda line: line.startswith("from"))
    third = ["import numpy as np", "import tensorflow as tf"]
    standard = [line for line in lines if line not in third]
    return "\n".join(
        [*standard, "", *[t for t in third if t in lines or t[-2:] == "tf"]]
    )


def assemble(program: Program, network: str, network_imports: list[str]) -> str:
    """The whole file, with `network` as the text of the network's part."""
    names = [name for part in program.parts() for name in PARTS[part]]
    header = imports([*names, *more_imports(program), *network_imports])
    texts = [
        network if part == "network" else render(part, program)
        for part in program.parts()
    ]
    return f'"""A test."""\n\n{header}\n\n' + "\n\n".join(texts)


def lenet_text(train: Train) -> str:
    """The whole emitted file of a LeNet with a training job."""
    network = (FOLDER / "runtime_lenet.txt").read_text()
    return assemble(Program(train=train), network, ["dataclasses", "functools"])
