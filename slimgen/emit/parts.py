"""The parts below the networks in an emitted file, and the facts that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from slimgen.emit.fitting import tidy
from slimgen.emit.forms import CHECKPOINTS
from slimgen.emit.identifiers import class_name
from slimgen.emit.jobs import TRAIN_SECTIONS, FileJobs, file_jobs, needs_of
from slimgen.emit.library import Library, open_library, used_names
from slimgen.emit.shared_module import importable, job_library
from slimgen.emit.templates import defined_names, render
from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.ir.graph import Graph, Network
from slimgen.ir.jobs import LabelNames, Train
from slimgen.ir.weight_map import Transform

if TYPE_CHECKING:
    from slimgen.emit.training import JobSections

FORMATTED = {
    "names",
    "maps",
    "preprocessing",
    "train/settings",
    "train/loss",
    "train/reading",
}
WEIGHTED = ("WEIGHTED_LOSS", "WEIGHTED_ACCURACY")
FORMATS = {  # beside checkpoints, with their names for the reader
    "keras": "Keras",
    "caffe": "Caffe in a .npy file",
    "safetensors": "PyTorch in a safetensors file",
}


class Preprocess(Frozen):
    """How images become a network's input: the families of slim-semantics 8.3."""

    families: tuple[str, ...]
    resize: tuple[int, int]
    fast: bool
    free_size: bool
    grey: bool  # some network takes one channel


class Runtime(Frozen):
    """The parts of one file and the facts that their templates read.

    Attributes:
        parts: In order: modules of the library end with `.py`, others are templates.
        hidden: Names of the library that the file does without.
        shared: Definitions of the library that the file imports of the shared module.
    """

    parts: tuple[str, ...]
    roots: tuple[str, ...]
    hidden: frozenset[str]
    labels: LabelNames
    jobs: FileJobs
    training: JobSections | None
    facts: Facts
    library: Library
    shared: frozenset[str] = frozenset()

    @property
    def templates(self) -> tuple[str, ...]:
        """The parts that Jinja renders."""
        return tuple(part for part in self.parts if not part.endswith(".py"))

    def names(self, context: Mapping[str, object]) -> frozenset[str]:
        """Return the names that the parts define."""
        rendered = self._rendered(context)
        defined = {name for text in rendered.values() for name in defined_names(text)}
        return self._reached(rendered).union(self.roots, defined)

    def sections(
        self, context: Mapping[str, object], above: frozenset[str]
    ) -> tuple[str, ...]:
        """Write the parts below the networks; `above` are names defined there."""
        rendered = self._rendered(context)
        for part in FORMATTED & rendered.keys():
            rendered[part] = tidy(rendered[part])
        reached = self._reached(rendered, above) - self.shared
        modules = self.library.modules
        texts = (
            modules[part].text(reached) if part in modules else rendered[part]
            for part in self.parts
        )
        return tuple(text for text in texts if text.strip())

    def _rendered(self, context: Mapping[str, object]) -> dict[str, str]:
        return {part: render(f"{part}.py.j2", **context) for part in self.templates}

    def _reached(
        self, texts: Mapping[str, str], above: frozenset[str] = frozenset()
    ) -> frozenset[str]:
        """Return the names of the library that the texts of some templates reach."""
        used, defined = set(self.roots), {*self.hidden, *above}
        for part, text in texts.items():
            used |= used_names(text)
            # That part binds functions of the library to the file's network.
            defined |= defined_names(text) if part != "split" else set()
        return self.library.reached(used, frozenset(defined))

    def context(
        self, networks: Sequence[NetworkLike], modules: Mapping[str, str]
    ) -> dict[str, object]:
        """Return the variables of the templates; `modules` are names of the user's."""
        facts = self.facts
        named = tuple(
            NetworkNames(
                network.name, network.class_name, family, self._prepare(family)
            )
            for network, family in zip(networks, facts.families, strict=True)
        )
        return {
            "networks": named,
            "maps": [one for network in networks for one in network.maps],
            "preprocess": facts.preprocess,
            "classifier": facts.classifier,
            "classes": facts.classes,
            "labels": self.labels,
            "offset": bool(facts.classes and (self.labels.names or self._reads_offset)),
            **vars(self.jobs),
            "losses": self.training.losses(modules) if self.training else None,
            "shared": self.shared,
            "training": self.training,
            "examples": self.training.examples if self.training else None,
        }

    @property
    def _reads_offset(self) -> bool:
        """Whether labels of data are counted from another number than 0."""
        return bool(self.labels.offset and self.jobs.train)

    def _prepare(self, family: str) -> str:
        """Write the function of a family as a file beside the shared module calls it."""
        function = f"slim_runtime.preprocess_{family}"
        preprocess = self.facts.preprocess
        if family == "vgg" and preprocess and preprocess.resize != (256, 512):
            sides = python(list(preprocess.resize))
            return f"functools.partial({function}, sides={sides})"
        return function


class NetworkLike(Protocol):
    """The network of a file as the templates read it."""

    @property
    def name(self) -> str:
        """The name in the source."""

    @property
    def class_name(self) -> str:
        """The name of its class."""

    @property
    def maps(self) -> Sequence[object]:
        """The tables of its maps."""


class NetworkNames(Frozen):
    """A network's names on the command line and in the file."""

    name: str
    class_name: str
    preprocess: str
    prepare: str


class Facts(Frozen):
    """Facts of a graph that decide about the parts of its file.

    Attributes:
        families: The preprocessing of each network; "" for one that takes no image.
        formats: The formats of weights that the maps are for.
        classifier: Every network takes an image and gives classes.
        classes: The file has the functions of classes: loss, accuracy.
    """

    families: tuple[str, ...]
    formats: tuple[str, ...]
    classifier: bool
    classes: bool
    preprocess: Preprocess | None
    by_network: bool
    channels: int | None


def describe_runtime(graph: Graph, split: bool = False) -> Runtime:
    """Decide which parts a file needs."""
    jobs = file_jobs(graph.jobs)
    train = jobs.train
    if train and train.preprocess:
        graph = _with_preprocess(graph, train)
    facts = _facts(graph, train)
    maps = any(network.maps for network in graph.networks)
    parts = ["names", "runtime/images.py", "runtime/image_folders.py"]
    parts += ["preprocessing"] if facts.preprocess and facts.by_network else []
    parts += ["runtime/restoring.py", "runtime/weights.py", *CHECKPOINTS]
    parts += [f"runtime/read_{name}.py" for name in facts.formats]
    parts += ["runtime/formats.py"] if facts.formats else []
    parts += ["maps"] if maps else []
    parts += [part for job in graph.jobs for part in needs_of(job).sections]
    parts += ["runtime/command_line.py", "end"]
    if split:
        parts = ["names", "maps"] if maps else ["names"]
        parts += ["runtime/images.py", *TRAIN_SECTIONS] if train else []
        parts += ["split", "end"]
    roots = ["main", "restore"]
    roots += ["weight_map"] if maps else []
    roots += ["preprocess", "decode_image"] if facts.preprocess else []
    roots += ["postprocess", "loss", "accuracy"] if facts.classes else []
    labels = next((n.labels for n in graph.networks if n.labels), LabelNames())
    modules = [part for part in parts if part.endswith(".py")]
    flags = _flags(graph, facts, train, bool(labels.names))
    words = _words(graph, facts, flags)
    training, hidden = None, frozenset[str]()
    if train:  # of the first network
        # It brings the declarations of all lines of jobs: only files with jobs load them.
        from slimgen.emit.training import job_sections

        training = job_sections(jobs, graph, labels, facts.classes)
        flags |= training.flags
        words |= training.words
        hidden = training.hidden
    library = open_library(modules, flags, words)
    if split and training:
        own = {name: flags[name] for name in ("AVERAGES", *training.flags, *WEIGHTED)}
        library = job_library(own, training.words)
    return Runtime(
        tuple(parts),
        tuple(roots),
        hidden,
        labels,
        jobs,
        training,
        facts,
        library,
        importable(library) if split and training else frozenset(),
    )


def _facts(graph: Graph, train: Train | None) -> Facts:
    networks = graph.networks
    images = [network for network in networks if _takes_one_image(network)]
    classifier = len(images) == len(networks) and all(map(_is_classifier, networks))
    preprocess = _preprocess(images)
    free = bool(preprocess and preprocess.free_size)
    used = {one.format for network in networks for one in network.maps}
    shape = networks[0].inputs[0].value.type.shape
    return Facts(
        tuple(_family(network) for network in networks),
        tuple(name for name in FORMATS if name in used),
        classifier,
        bool(classifier or (train and train.loss.sole)),
        preprocess,
        len(networks) > 1 or free,
        shape[-1],
    )


def _flags(
    graph: Graph, facts: Facts, train: Train | None, named: bool
) -> dict[str, bool]:
    """Return the flags of the library for one file."""
    preprocess = facts.preprocess
    maps = [one for network in graph.networks for one in network.maps]
    transforms = {entry.transform for one in maps for entry in one.entries}
    saved = [v.spec for n in graph.networks for v in n.variables if v.spec.saved]
    return {
        "SEVERAL_NETWORKS": len(graph.networks) > 1,
        "BY_NETWORK": facts.by_network,
        "SIZED": facts.by_network,
        "FREE_SIZE": bool(preprocess and preprocess.free_size),
        "GREY": bool(preprocess and preprocess.grey) or _reads_grey(train),
        "COLORED": facts.channels == 3,
        "ANY_CHANNELS": facts.by_network or not preprocess or _reads_others(train),
        "BOXES": False,
        "PREDICTS": facts.classifier,
        "TRAINS": train is not None,
        "FOLDERS": False,
        "NAMED_LABELS": named,
        "WEIGHTED_LOSS": False,
        "WEIGHTED_ACCURACY": False,
        "SEVERAL_FORMATS": bool(facts.formats),
        "IGNORES": any(one.ignored for one in maps),
        "RENAMED": any(one.format == "slim" for one in maps),
        "TRANSFORMS": bool(transforms - {Transform()}),
        "OTHER_TYPES": any("float" not in spec.dtype for spec in saved),
        "AVERAGES": bool(train and train.gradients.average),
        **{name.upper(): name in facts.formats for name in FORMATS},
    }


def _reads_grey(train: Train | None) -> bool:
    """Whether an image of a record, beside a network's only one, has one channel."""
    items = (*train.data.inputs, *train.data.labels) if train else ()
    return any(item.image and item.channels == 1 for item in items)


def _reads_others(train: Train | None) -> bool:
    """Whether records have images beside the network's only one."""
    others = (*train.data.inputs[1:], *train.data.labels) if train else ()
    return any(item.image for item in others)


def _words(graph: Graph, facts: Facts, flags: Mapping[str, bool]) -> dict[str, str]:
    """Return the words of one file that replace stand-ins of the library."""
    words = {
        "NETWORK": class_name(graph.networks[0].name),
        "OTHER_FORMATS": _listed([FORMATS[name] for name in facts.formats]),
        "HEIGHT": "height",
        "WIDTH": "width",
        "CHANNELS": str(facts.channels or 0),
        "SETTINGS": "Settings",
        "TRAINED": class_name(graph.networks[0].name),
    }
    if not flags["TRAINS"]:
        words["UserError"] = "RestoreError"
    if not flags["SEVERAL_FORMATS"]:
        words["open_checkpoint"] = "open_weights"
    if not flags["ANY_CHANNELS"]:
        words["decode_upright"] = "decode_image"
    if not flags["NAMED_LABELS"]:
        words["label_text"] = "str"
    preprocess = facts.preprocess
    if preprocess:
        words["SIDES_HERE"] = "RESIZE_SIDES"
        words["SIDES"] = python(list(preprocess.resize))
        words["SIDE"] = str(preprocess.resize[0])
    if preprocess and not facts.by_network:
        _, height, width, _ = graph.networks[0].inputs[0].value.type.shape
        words |= {"HEIGHT": str(height), "WIDTH": str(width)}
        words[f"preprocess_{preprocess.families[0]}"] = "preprocess"
    return words


def _listed(names: Sequence[str]) -> str:
    """Write names for a reader: `A, B or C`."""
    *most, last = names or [""]
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
    if network.preprocess is None:
        return "none"
    fast = network.preprocess.family == "inception" and network.preprocess.fast
    return "inception_fast" if fast else network.preprocess.family


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
