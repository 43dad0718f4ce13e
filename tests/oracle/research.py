"""research/slim's own networks, run on today's TensorFlow.

The package `tf_object_detection_api` 0.1 on PyPI carries them (`nets`), on TF-Slim; `make
install` installs it, without what it depends on. A network is an attribute of this module by
its name in `nets_factory`, or in one of the files of adversarial networks. It takes images and
the mode, and what its own function or the function of its defaults takes; no value is dropped
in training.

Graph mode only; `slimgen.verify.shim.load_slim` comes first.
"""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy

Tensor = Any
Network = Callable[..., tuple[Tensor, dict[str, Tensor]]]

KEPT = ("dropout_keep_prob", "dense_dropout_keep_prob", "drop_path_keep_prob")


ADVERSARIAL = {
    "discriminator": "nets.dcgan",
    "generator": "nets.dcgan",
    "cyclegan_generator_resnet": "nets.cyclegan",
    "pix2pix_generator": "nets.pix2pix",
    "pix2pix_discriminator": "nets.pix2pix",
}


class Settings(SimpleNamespace):
    """The part of `tf.contrib.training.HParams` that research/slim uses."""

    def set_hparam(self, name: str, value: Any) -> None:
        """Give a setting a value."""
        setattr(self, name, value)


def load(module: str) -> Any:
    """Import one of research/slim's modules, with what it uses of older libraries."""
    contrib = ModuleType("tensorflow.contrib")
    contrib.training = SimpleNamespace(HParams=Settings)  # type: ignore[attr-defined]
    sys.modules[contrib.__name__] = contrib
    numpy.int = int  # type: ignore[attr-defined]
    return importlib.import_module(module)


def __getattr__(name: str) -> Network:
    factory = load("nets.nets_factory")
    if name in factory.networks_map:
        function, scope = factory.networks_map[name], factory.arg_scopes_map[name]
        return classifier(function, scope)
    if name in ADVERSARIAL:
        return adversarial(getattr(load(ADVERSARIAL[name]), name))
    raise AttributeError(name)


def classifier(function: Network, scope: Callable[..., Any]) -> Network:
    """Return a network of `nets_factory` under its defaults, with nothing dropped."""
    import tf_slim as slim

    takes, of_scope = parameters(function), parameters(scope)
    if "kwargs" in of_scope:  # MobileNet v2's hands them on
        of_scope |= parameters(load("nets.mobilenet.mobilenet").training_scope)

    def network(images: Tensor, is_training: bool, **keywords: Any) -> Any:
        given = {**dict.fromkeys(KEPT, 1.0), **keywords}
        given["config"] = undropped(function)
        with slim.arg_scope(
            scope(**{k: v for k, v in given.items() if k in of_scope - takes})
        ):
            own = {k: v for k, v in given.items() if k in takes}
            return function(images, is_training=is_training, **own)

    network.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
            for name in sorted((takes | of_scope | {"is_training"}) - {"config"})
        ]
    )
    return network


def adversarial(function: Network) -> Network:
    """Return a network of the adversarial ones, under the defaults of its file if any."""
    import tf_slim as slim

    defaults = getattr(sys.modules[function.__module__], "pix2pix_arg_scope", None)

    @functools.wraps(function)
    def network(images: Tensor, is_training: bool = False, **keywords: Any) -> Any:
        given = dict(keywords)
        if "is_training" in parameters(function):
            given["is_training"] = is_training
        if "blocks" in parameters(function):  # pix2pix drops values in use, too
            blocks = sys.modules[function.__module__]._default_generator_blocks()
            given["blocks"] = [one._replace(decoder_keep_prob=0) for one in blocks]
        with slim.arg_scope(defaults() if defaults else {}):
            return function(images, **given)

    return network


def parameters(function: Callable[..., Any]) -> set[str]:
    """Return the names of a function's parameters."""
    return set(inspect.signature(function).parameters)


def undropped(function: Network) -> Settings | None:
    """Return a NASNet's configuration, with every value and path kept; None for others."""
    module = sys.modules[function.__module__]
    kinds = {
        "build_nasnet_cifar": "cifar_config",
        "build_nasnet_mobile": "mobile_imagenet_config",
        "build_nasnet_large": "large_imagenet_config",
        "build_pnasnet_mobile": "mobile_imagenet_config",
        "build_pnasnet_large": "large_imagenet_config",
    }
    if function.__name__ not in kinds:
        return None
    settings: Settings = getattr(module, kinds[function.__name__])()
    for name in KEPT[1:]:
        settings.set_hparam(name, 1.0)
    return settings
