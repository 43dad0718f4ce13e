"""What stands below the networks in an emitted file: which parts, and what they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slimgen.emit.fitting import tidy
from slimgen.emit.jobs import FileJobs, file_jobs, needs_of
from slimgen.emit.library import Library, open_library, used_names
from slimgen.emit.losses import Losses, describe_losses
from slimgen.emit.templates import defined_names, render, source_text
from slimgen.emit.training import MODULES, PARTS, JobSections, job_sections
from slimgen.ir.graph import Graph, Network
from slimgen.ir.jobs import LabelNames, Train

# The parts in order of the file; what each imports besides TensorFlow.
IMPORTS = {
    "entry": ("dataclasses", "re"),
    "names": (),
    "restore": ("dataclasses", "difflib", "fnmatch", "re", "collections.abc.Callable"),
    "read_checkpoint": ("contextlib", "math", "os", "re"),
    "read_keras": ("io", "json", "os", "re", "zipfile"),
    "read_caffe": ("pickle",),
    "read_safetensors": ("json", "math", "os"),
    "formats": ("contextlib", "os", "zipfile"),
    "preprocess": (),
    "outputs": (),
    "main": ("argparse", "os", "sys"),
}  # fmt: skip
FORMATTED = {"names", "train/settings", "train/reading", "train/loss"}
FORMATS = {  # beside checkpoints, with their names for the reader
    "keras": "Keras",
    "caffe": "Caffe in a .npy file",
    "safetensors": "PyTorch in a safetensors file",
}


@dataclass(frozen=True)
class Preprocess:
    """How images become a network's input: the families of slim-semantics 8.3."""

    families: tuple[str, ...]
    resize: tuple[int, int]
    fast: bool
    free_size: bool
    grey: bool  # some network takes one channel


@dataclass(frozen=True)
class Sections:
    """The sections below the networks, and the names of the library in them."""

    texts: tuple[str, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class Runtime:
    """The parts of one file and what their templates see."""

    parts: tuple[str, ...]
    imports: tuple[str, ...]
    preprocess: Preprocess | None
    classifier: bool
    classes: bool
    labels: LabelNames
    jobs: FileJobs
    training: JobSections | None
    families: tuple[str, ...]
    formats: tuple[str, ...]
    library: Library

    @property
    def templates(self) -> tuple[str, ...]:
        """The parts that Jinja renders; the others are modules of the library."""
        modules = self.library.modules
        return tuple(part for part in self.parts if f"{part}.py" not in modules)

    @property
    def possible_names(self) -> frozenset[str]:
        """Names of the library that the parts may reach, as far as their sources tell."""
        texts = [source_text(f"{part}.py.j2") for part in self.templates]
        return self._reached(texts)

    def sections(self, context: Mapping[str, Any], above: Sequence[str]) -> Sections:
        """Write the parts below the networks; `above` is the text of the file till there."""
        rendered = {part: render(f"{part}.py.j2", **context) for part in self.templates}
        for part in FORMATTED & rendered.keys():
            rendered[part] = tidy(rendered[part])
        reached = self._reached([*above, *rendered.values()])
        texts: list[str] = []
        for part in self.parts:
            module = self.library.modules.get(f"{part}.py")
            texts.append(module.text(reached) if module else rendered[part])
        return Sections(tuple(filter(str.strip, texts)), reached)

    def _reached(self, texts: Sequence[str]) -> frozenset[str]:
        """Return the definitions and imports that some texts reach."""
        used: set[str] = set()
        defined: set[str] = set()
        for text in texts:
            used |= used_names(text)
            defined |= defined_names(text)
        return self.library.reached(used, frozenset(defined))

    def context(
        self, networks: Sequence[Any], modules: Mapping[str, str]
    ) -> dict[str, Any]:
        """What the templates of the parts see; `modules` are names of the user's."""
        named = [
            NetworkNames(network.name, network.class_name, family)
            for network, family in zip(networks, self.families, strict=True)
        ]
        return {
            "networks": tuple(named),
            "preprocess": self.preprocess,
            "classifier": self.classifier,
            "classes": self.classes,
            "labels": self.labels,
            **self.jobs.context(),
            "losses": self._losses(modules),
            "training": self.training,
            "examples": self.training.examples if self.training else None,
            "formats": self.formats,
            "others": listed_formats(self.formats),
        }

    def _losses(self, modules: Mapping[str, str]) -> Losses | None:
        train = self.jobs.train
        if train is None:
            return None
        return describe_losses(train.loss, modules, bool(train.augment.mixes))


@dataclass(frozen=True)
class NetworkNames:
    """How the command line calls a network."""

    name: str
    class_name: str
    preprocess: str


def describe_runtime(graph: Graph) -> Runtime:
    """Decide which parts a file needs."""
    images = all(_takes_one_image(network) for network in graph.networks)
    classes = all(_is_classifier(n) for n in graph.networks)
    classifier = images and classes
    jobs = file_jobs(graph.jobs)
    train = jobs.train
    if train and train.preprocess:
        graph = _with_preprocess(graph, train)
    preprocess = _preprocess([n for n in graph.networks if _takes_one_image(n)])
    formats = _formats(graph)
    parts = ["names", "restore", "read_checkpoint"]
    parts += [f"read_{name}" for name in formats if name in FORMATS] + ["formats"]
    if preprocess:
        parts.append("preprocess")
    classes = bool((classes and images) or (train and train.loss.sole))
    if classes or train:
        parts.append("outputs")
    if train:
        parts += PARTS
    parts += [section for job in graph.jobs for section in needs_of(job).sections]
    parts.append("main")
    imports = {name for part in ["entry", *parts] for name in IMPORTS.get(part, ())}
    if classifier:
        imports.add("json")
    if preprocess and "inception" in preprocess.families and not preprocess.fast:
        imports.add("functools")
    modules = tuple(f"{part}.py" for part in parts if part in MODULES)
    flags = {"SEVERAL_NETWORKS": len(graph.networks) > 1}
    labels = next((n.labels for n in graph.networks if n.labels), LabelNames())
    families = tuple(_family(network) for network in graph.networks)
    training = job_sections(jobs, graph.networks[0], labels, classes) if train else None
    words: dict[str, str] = {}
    if training:
        flags |= training.flags
        words = training.words
    return Runtime(
        tuple(parts), tuple(sorted(imports)), preprocess, classifier, classes, labels,
        jobs, training, families, formats, open_library(modules, flags, words),
    )  # fmt: skip


def _formats(graph: Graph) -> tuple[str, ...]:
    """The formats of weights that the file's maps are for."""
    used = {one.format for network in graph.networks for one in network.maps}
    return ("slim", *(name for name in FORMATS if name in used))


def listed_formats(formats: Sequence[str]) -> str:
    """Write the formats beside checkpoints for a reader."""
    *most, last = [name for one, name in FORMATS.items() if one in formats] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def _with_preprocess(graph: Graph, train: Train) -> Graph:
    """The graph whose first network has the preprocessing of its job."""
    first, *others = graph.networks
    changed = replace(first, preprocess=train.preprocess)
    return replace(graph, networks=(changed, *others))


def _takes_one_image(network: Network) -> bool:
    return len(network.inputs) == 1 and network.inputs[0].value.type.rank == 4


def _is_classifier(network: Network) -> bool:
    return len(network.outputs) == 1 and network.outputs[0][1].type.rank == 2


def _family(network: Network) -> str:
    """The family of a network's preprocessing; empty for what takes no image."""
    if not _takes_one_image(network):
        return ""
    return network.preprocess.family if network.preprocess else "none"


def _preprocess(networks: Sequence[Network]) -> Preprocess | None:
    """The preprocessing of the networks that take an image; None where there are none."""
    if not networks:
        return None
    families = dict.fromkeys(_family(network) for network in networks)
    given = [n.preprocess for n in networks if n.preprocess]
    resize = next((g.resize for g in given if g.resize), (256, 512))
    fast = all(g.fast for g in given)
    free = any(None in n.inputs[0].value.type.shape[1:3] for n in networks)
    grey = any(n.inputs[0].value.type.shape[-1] == 1 for n in networks)
    return Preprocess(tuple(families), resize, fast, free, grey)
