"""What a job does to images at random."""

from collections.abc import Mapping
from typing import Any

from slimgen.elaborate.jobs.lines import JobText, settings_of
from slimgen.elaborate.rejection import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.augment import (
    Augment,
    ColorJitter,
    Cutmix,
    Flip,
    Mixup,
    RandomCrop,
    RandomErasing,
    RandomResizedCrop,
)
from slimgen.messages import names as messages
from slimgen.syntax import tree

# What the settings of the built file are called.
RENAMED: Mapping[str, Mapping[str, str]] = {
    "random_resized_crop": {"scale": "crop_scale", "ratio": "crop_ratio"},
    "flip": {"probability": "flip"},
    "random_erasing": {
        "probability": "erasing",
        "scale": "erasing_scale",
        "ratio": "erasing_ratio",
    },
    "mixup": {"alpha": "mixup"},
    "cutmix": {"alpha": "cutmix"},
}
COLORS = ("brightness", "contrast", "saturation", "hue")
OF_COLOR = ("saturation", "hue")


def read_augment(job: JobText) -> ir.Augment:
    """Return what is done to images."""
    said: dict[type[Any], Any] = {type(line): (line, s) for line, s in job.all(Augment)}
    for _, statement in said.values():
        _check_images(job, statement)
    crops = [kind for kind in (RandomResizedCrop, RandomCrop) if kind in said]
    if len(crops) > 1:
        needed, found = "no other crop", "`augment random_crop`"
        where = "`augment random_resized_crop`"
        statement = said[RandomResizedCrop][1]
        raise Rejected(messages.wrong_value(statement.span, where, needed, found))
    colors = _colors(job, said)
    mixes = tuple(kind.form for kind in (Mixup, Cutmix) if kind in said)
    return ir.Augment(
        tuple(one for line, _ in said.values() for one in _settings(line, colors)),
        crops[0].form if crops else "",
        Flip in said,
        colors,
        RandomErasing in said,
        mixes,
    )


def check_mixed(job: JobText, loss: ir.Loss) -> None:
    """Refuse to mix examples that have other labels than a class."""
    for line, statement in job.all(Augment):
        if isinstance(line, Mixup | Cutmix) and not loss.plain:
            labels = ", ".join(f"`{term.target.label}`" for term in loss.terms)
            raise Rejected(
                messages.wrong_value(
                    statement.span, f"`augment {line.form}`",
                    "a loss of one output and its class, `label`", labels,
                )
            )  # fmt: skip


def _colors(job: JobText, said: Mapping[type, Any]) -> tuple[str, ...]:
    """Return what of the colours changes."""
    if ColorJitter not in said:
        return ()
    line, statement = said[ColorJitter]
    colors = tuple(name for name in COLORS if getattr(line, name))
    grey = job.network.inputs[0].value.type.shape[-1] != 3
    if not colors:
        needed, found = f"one of {', '.join(f'`{one}`' for one in COLORS)}", "none"
    elif grey and any(one in colors for one in OF_COLOR):
        needed, found = "images of 3 channels for saturation and hue", "1"
    else:
        return colors
    where = "`augment color_jitter`"
    raise Rejected(messages.wrong_value(statement.span, where, needed, found))


def _settings(line: Any, colors: tuple[str, ...]) -> list[ir.Setting]:
    """Return the numbers of a line as settings; a range is two."""
    found = []
    for one in settings_of(line, RENAMED.get(line.form, {})):
        if isinstance(one.value, tuple):
            for which, value in zip(("least", "greatest"), one.value, strict=True):
                text = one.text.replace("least and greatest", which)
                found.append(ir.Setting(f"{which}_{one.name}", value, text, 0))
        elif not isinstance(line, ColorJitter):
            found.append(one)
        elif one.name in colors:
            text = f"how much {one.name} changes"
            found.append(ir.Setting(one.name, one.value, text, 0, one.at_most))
    if isinstance(line, RandomCrop):
        text = "pixels of the margin around an image before it is cropped"
        found.append(ir.Setting("crop_padding", line.padding, text, 0))
    return found


def _check_images(job: JobText, statement: tree.Line) -> None:
    """Refuse a network that does not take one image."""
    inputs = job.network.inputs
    if len(inputs) > 1 or inputs[0].value.type.rank != 4:
        needed = "one image [batch, height, width, channels]"
        found = ", ".join(f"`{one.name}` {one.value.type}" for one in inputs)
        raise Rejected(messages.wrong_value(statement.span, "`augment`", needed, found))
