"""… commands of a job."""

import argparse
import dataclasses

import tensorflow as tf

from slimgen.templates.runtime.checkpoints import write_checkpoint
from slimgen.templates.runtime.command_line import load_model
from slimgen.templates.runtime.flags import (
    EVALUATED,
    FOLDERS,
    LISTS,
    PLAIN,
    RECOMPUTES,
    SPLIT,
)
from slimgen.templates.runtime.training.evaluation import evaluate
from slimgen.templates.runtime.training.moving_averages import recompute_averages
from slimgen.templates.runtime.training.run import train
from slimgen.templates.runtime.training.settings import find_device, option_of
from slimgen.templates.runtime.training.stand_ins import EVALUATION_DATA, SETTINGS


def add_train_commands(
    commands,
    rules,
    program,  # if SPLIT
):
    """Add `train` and `evaluate`; `rules` has the options of `restore`."""
    fields = dataclasses.fields(SETTINGS)
    if SPLIT and program.decay:
        add_recompute(commands, rules, SETTINGS)
    elif RECOMPUTES and not SPLIT:
        add_recompute(commands, rules, SETTINGS)
    text = "train, or resume a run that was stopped"
    part = commands.add_parser("train", help=text, description=text)
    if SPLIT:
        part.set_defaults(
            run=lambda options: program.train(program, settings_of(options, program))
        )
    else:
        part.set_defaults(run=lambda options: train(settings_of(options)))
    add_settings(part, fields)
    text = "print measures of the network over records or a folder"
    part = commands.add_parser("evaluate", parents=[rules], help=text, description=text)
    part.set_defaults(run=run_evaluate)
    shared = "batch", "jit", "device"
    add_settings(part, [field for field in fields if field.name in shared])
    add, text = part.add_argument, fields[0].metadata["help"]
    if SPLIT:
        data = program.evaluation_data
        add("--data", required=data is None, default=data, help=text)
    elif EVALUATED:
        add("--data", default=EVALUATION_DATA, help=text)
    else:
        add("--data", required=True, help=text)
    run, text = SETTINGS.directory, "the weights; those of the run unless given"
    add("--checkpoint", dest="file", default=run, metavar="FILE", help=text)


if RECOMPUTES:

    def add_recompute(commands, rules, defaults):
        """Add `recompute`."""
        text = "write a checkpoint with averages of batch norm computed from the data"
        part = commands.add_parser(
            "recompute", parents=[rules], help=text, description=text
        )
        part.set_defaults(run=run_recompute)
        used, fields = ("data", "batch", "seed", "device"), dataclasses.fields(defaults)
        add_settings(part, [field for field in fields if field.name in used])
        run, text = defaults.directory, "the weights; those of the run unless given"
        flags = {"default": run, "metavar": "FILE", "help": text}
        part.add_argument("--checkpoint", dest="file", **flags)
        part.add_argument("out")


def add_settings(parser, fields):
    """Add an option for each of some settings."""
    for field in fields:
        text, choices = field.metadata["help"], field.metadata["choices"]
        if field.type is bool:
            kind = {"action": argparse.BooleanOptionalAction}
        elif field.type == tuple[str, ...]:
            kind = {"action": "append"}
        elif LISTS and field.type is tuple:
            kind = {"type": float, "nargs": "+"}
        else:
            kind = {"type": value_or_none(field.type), "choices": choices}
        if field.default not in (None, ""):
            text += f" (default: {field.default})".replace("%", "%%")
        # Options without a value are left out: `Settings` has the defaults.
        kind |= {"dest": field.name, "default": argparse.SUPPRESS, "help": text}
        parser.add_argument(option_of(field.name), **kind)


def value_or_none(kind):
    """Return the reader of an option, which `none` turns off: it is 0, or no text."""

    def read(text):
        return kind() if text == "none" else kind(text)

    read.__name__ = kind.__name__  # for argparse's messages
    return read


def settings_of(
    options,
    program,  # if SPLIT
):
    """Return the settings with the options of the command line."""
    names = {field.name for field in dataclasses.fields(SETTINGS)}
    return SETTINGS(**{n: value for n, value in vars(options).items() if n in names})


def run_evaluate(options):
    """Print the measures."""
    program = options.program  # if SPLIT
    settings = settings_of(options)  # if not SPLIT
    settings = settings_of(options, program)  # if SPLIT
    if FOLDERS:
        # The names of the classes stand beside the checkpoint.
        settings = dataclasses.replace(settings, directory=options.file)
    with tf.device(find_device(settings.device)):
        model, _ = load_model(options)
    found, count = evaluate(model, settings)  # if not SPLIT
    found, count = program.evaluate(program, model, settings)  # if SPLIT
    if SPLIT and not isinstance(found, dict):
        found = {"accuracy": found}
    if PLAIN and not SPLIT:
        print(f"accuracy {found:.4f} over {count} examples")
    else:
        for name, value in found.items():
            print(f"{name} {value:.4f} over {count} examples")


if RECOMPUTES:

    def run_recompute(options):
        """Write a checkpoint with averages of batch norm that are those of the data."""
        settings = settings_of(options)  # if not SPLIT
        settings = settings_of(options, options.program)  # if SPLIT
        settings = dataclasses.replace(settings, directory=options.file)
        with tf.device(find_device(settings.device)):
            model, _ = load_model(options)
            steps = recompute_averages(
                options.program,  # if SPLIT
                model,
                settings,
            )
        write_checkpoint(model, options.out)
        print(f"{options.out}: averages of batch norm over {steps} batches")
