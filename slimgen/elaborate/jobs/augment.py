"""The random changes that a job makes to images."""

from slimgen.elaborate.jobs.job_lines import JobText, settings_of
from slimgen.elaborate.rejection import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.augment import (
    AUGMENTATIONS,
    Augmentation,
    ColorJitter,
    CropToInput,
    Flip,
    Mix,
    RandomErasing,
    RandomResizedCrop,
)
from slimgen.messages import names as messages
from slimgen.syntax import tree

COLORS = ("brightness", "contrast", "saturation", "hue")
OF_COLOR = ("saturation", "hue")


def read_augment(job: JobText) -> ir.Augment:
    """Return the random changes to images."""
    lines = job.lines(Augmentation)
    for _, statement in lines:
        _check_images(job, statement)
    crops = [line.form for line, _ in job.lines(CropToInput)]
    if len(crops) > 1:
        _refuse_two_crops(job)
    colors = _colors(job)
    mixes = {line.form for line, _ in job.lines(Mix)}
    return ir.Augment(
        tuple(setting for line, _ in lines for setting in _settings(line)),
        crops[0] if crops else "",
        job.line(Flip) is not None,
        colors,
        job.line(RandomErasing) is not None,
        tuple(form for form in AUGMENTATIONS if form in mixes),
    )


def _refuse_two_crops(job: JobText) -> None:
    """Raise Rejected at one of two crops."""
    _, statement = job.required_line(RandomResizedCrop)
    where = "`augment random_resized_crop`"
    needed, found = "no other crop", "`augment random_crop`"
    raise Rejected(messages.wrong_value(statement.span, where, needed, found))


def check_mixed(job: JobText, loss: ir.Loss) -> None:
    """Refuse to mix examples that have other labels than a class."""
    for line, statement in job.lines(Mix):
        if not loss.plain:
            labels = ", ".join(f"`{term.target.label}`" for term in loss.terms)
            where = f"`augment {line.form}`"
            needed = "a loss of one output and its class, `label`"
            raise Rejected(messages.wrong_value(statement.span, where, needed, labels))


def _colors(job: JobText) -> tuple[str, ...]:
    """Return the properties of colours that change."""
    jitter = job.line(ColorJitter)
    if jitter is None:
        return ()
    line, statement = jitter
    colors = tuple(name for name in COLORS if getattr(line, name))
    grey = job.network.inputs[0].value.type.shape[-1] != 3
    if not colors:
        needed, found = f"one of {', '.join(f'`{name}`' for name in COLORS)}", "none"
    elif grey and any(name in colors for name in OF_COLOR):
        needed, found = "images of 3 channels for saturation and hue", "1"
    else:
        return colors
    where = "`augment color_jitter`"
    raise Rejected(messages.wrong_value(statement.span, where, needed, found))


def _settings(line: Augmentation) -> list[ir.Setting]:
    """Return the numbers of a line as settings; a range is two."""
    found = []
    for setting in settings_of(line):
        if isinstance(setting.value, tuple):
            for which, value in zip(("least", "greatest"), setting.value, strict=True):
                text = setting.text.replace("least and greatest", which)
                found.append(ir.Setting(f"{which}_{setting.name}", value, text, 0))
        elif setting.value or not line.without_zeros:
            found.append(setting)
    return found


def _check_images(job: JobText, statement: tree.Line) -> None:
    """Refuse a network that does not take one image."""
    inputs = job.network.inputs
    if len(inputs) > 1 or inputs[0].value.type.rank != 4:
        needed = "one image [batch, height, width, channels]"
        found = ", ".join(f"`{given.name}` {given.value.type}" for given in inputs)
        raise Rejected(messages.wrong_value(statement.span, "`augment`", needed, found))
