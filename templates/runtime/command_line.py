"""Command line."""

import argparse
import json
import os
import sys

import tensorflow as tf

from slimgen.templates.runtime.checkpoints import find_checkpoint, write_checkpoint
from slimgen.templates.runtime.flags import (
    BY_NETWORK,
    NAMED_LABELS,
    PREDICTS,
    SEVERAL_FORMATS,
    SEVERAL_NETWORKS,
    SPLIT,
    TRAINS,
)
from slimgen.templates.runtime.formats import find_format, open_weights
from slimgen.templates.runtime.image_folders import images_at
from slimgen.templates.runtime.images import decode_image, postprocess, preprocess
from slimgen.templates.runtime.restoring import restore_with
from slimgen.templates.runtime.stand_ins import (
    LABELS,
    LABELS_OFFSET,
    NETWORK,
    NETWORKS,
    PREPROCESSING,
    Stopped,
    add_train_commands,
    run_classes,
)
from slimgen.templates.runtime.training.stand_ins import SETTINGS
from slimgen.templates.runtime.weights import RestoreError, UserError, explained


def main(
    networks,  # if SPLIT
    description,  # if SPLIT
    argv=None,
    label=str,  # if SPLIT
    program=None,  # if SPLIT
):
    """Run a command line; return 0 when done, 1 after an error, 2 for a wrong usage."""
    if hasattr(sys.stdout, "reconfigure"):  # names may have letters of any alphabet
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if SPLIT:
            parser = command_line(networks, description, program)
            parser.set_defaults(networks=networks, label=label, program=program)
            options = parser.parse_args(argv)
        else:
            options = command_line().parse_args(argv)
        options.run(options)
    except SystemExit as stop:
        return stop.code
    except Stopped as stop:  # if TRAINS
        print(stop, file=sys.stderr)  # if TRAINS
        return stop.code  # if TRAINS
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except (UserError, OSError) as error:
        message = " ".join(str(error).split())
        print(f"error: {message}", file=sys.stderr)
        return 1
    return 0


def command_line(
    networks,  # if SPLIT
    description,  # if SPLIT
    program,  # if SPLIT
):
    """Return the parser of the command line."""
    rules = argparse.ArgumentParser(add_help=False)
    for flag, text in (
        ("--include", "load only these variables: a name or a glob (repeatable)"),
        ("--exclude", "do not load these variables (repeatable)"),
        ("--rename", "OLD=NEW for a part of names, or SCOPE/{name} (repeatable)"),
    ):
        rules.add_argument(flag, action="append", metavar="NAME", help=text)
    heads, text = ["strict", "auto"], "auto: leave out what depends on the classes"
    rules.add_argument("--head", choices=heads, default="strict", help=text)
    text = "load the moving averages of the variables that have one"
    rules.add_argument("--average", action="store_true", help=text)
    text = "refuse weights with unused names"
    rules.add_argument("--strict", action="store_true", help=text)
    if SPLIT and len(networks) == 1:
        rules.set_defaults(network=next(iter(networks)))
    elif SEVERAL_NETWORKS:
        names = [*NETWORKS]  # if not SPLIT
        names = [*networks]  # if SPLIT
        text = f"the network; {names[0]} unless given"
        rules.add_argument("--network", choices=names, default=names[0], help=text)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # if not SPLIT
    parser = argparse.ArgumentParser(description=description.split("\n")[0])  # if SPLIT
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    text = "inspect or convert weights"
    checkpoint = commands.add_parser("checkpoint", help=text, description=text)
    parts = checkpoint.add_subparsers(metavar="COMMAND", required=True)
    for name, run, parents, text in (
        ("list", run_list, [], "list names, shapes and types"),
        ("compare", run_compare, [rules], "show what would be loaded"),
        ("convert", run_convert, [rules], "load, then write OUT.index, OUT.data-…"),
    ):
        part = parts.add_parser(name, parents=parents, help=text, description=text)
        part.set_defaults(run=run)
        part.add_argument("file")
    part.add_argument("out")
    part.add_argument("--force", action="store_true", help="replace OUT")
    if SPLIT and not all(map(classifies, networks.values())):
        if program is not None:
            add_train_commands(commands, rules, program)
        return parser
    if PREDICTS:
        text = "print the most probable classes of images"
        predict = commands.add_parser("predict", parents=[rules], help=text)
        predict.set_defaults(run=run_predict)
        text = "files, or folders of them"
        predict.add_argument("images", nargs="+", metavar="IMAGE", help=text)
        flags = {"dest": "file", "metavar": "FILE"}
        if SPLIT:
            run = program and SETTINGS.directory
            predict.add_argument("--checkpoint", required=not run, default=run, **flags)
        elif TRAINS:
            predict.add_argument("--checkpoint", default=SETTINGS.directory, **flags)
        else:
            predict.add_argument("--checkpoint", required=True, **flags)
        predict.add_argument(
            "--top", type=positive, default=5, help="number of classes"
        )
        predict.add_argument("--format", choices=["text", "json"], default="text")
    if TRAINS and not SPLIT:
        add_train_commands(commands, rules)
    if SPLIT and program is not None:
        add_train_commands(commands, rules, program)
    return parser


def classifies(network):
    """Return whether a network takes an image and gives logits [batch, classes]."""
    ranks = [spec.shape.rank for spec in network.outputs.values()]
    return network in PREPROCESSING and ranks == [2]


def positive(text):
    """Return a number of the command line, at least 1."""
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def run_list(options):
    """Print names, shapes and types."""
    weights = open_weights(options.file)
    for name, shape in sorted(weights.shapes.items()):
        print(name, [*shape], weights.dtypes[name])


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = NETWORK()  # if not SEVERAL_NETWORKS
    if SEVERAL_NETWORKS:
        model = NETWORKS[options.network]()  # if not SPLIT
        model = options.networks[options.network]()  # if SPLIT
    return model, restore_with(model, options.file, options)


def run_compare(options):
    """Print which variables would be loaded; an error says why a file does not fit."""
    try:
        print(load_model(options)[1])
    except RestoreError as error:
        if error.report is not None:
            print(error.report)
        raise


def run_convert(options):
    """Load weights and write them under this network's names."""
    model, _ = load_model(options)
    if SEVERAL_FORMATS:
        named = find_format(options.file) == "slim"
        source = find_checkpoint(options.file) if named else options.file
    else:
        source = find_checkpoint(options.file)
    if os.path.realpath(source) == os.path.realpath(options.out):
        raise RestoreError(f"{options.out} is the file that is read")
    index = f"{options.out}.index"
    if tf.io.gfile.exists(index) and not options.force:
        raise RestoreError(f"{index} exists; --force replaces it")
    write_checkpoint(model, options.out)
    print(f"{len(model.named_variables)} variables written to {options.out}")


def run_predict(options):
    """Print the most probable classes of each image; name the unreadable ones last."""
    model, _ = load_model(options)

    @tf.function(autograph=False, reduce_retracing=True)
    def predict(image):
        return postprocess(model(image[tf.newaxis])[0])

    classes = dict(enumerate(run_classes(options.file) or ()))  # if FOLDERS
    answers, errors = [], []
    for path in [file for given in options.images for file in images_at(given)]:
        try:
            with explained(f"{path} is no image that can be read"):
                if BY_NETWORK:
                    image = decode_image(tf.io.read_file(path), type(model))
                    image = preprocess(image, network=type(model))
                else:
                    image = preprocess(decode_image(tf.io.read_file(path)))
        except RestoreError as error:
            errors.append(str(error))
            continue
        (numbers,), (probabilities,) = predict(image)
        top = []
        for k, p in zip(numbers[: options.top].numpy().tolist(), probabilities):
            label = label_text(k)  # if not FOLDERS
            label = classes.get(k) or label_text(k)  # if FOLDERS
            top.append({"class": k, "label": label, "probability": float(p)})
        answers.append({"image": path, "classes": top})
    if options.format == "json":
        print(json.dumps(answers, indent=2))
    else:
        for answer in answers:
            print(answer["image"])
            for item in answer["classes"]:
                print(f"  {item['probability']:.4f}  {item['label']}")
    if errors:
        raise RestoreError("; ".join(errors))


if NAMED_LABELS and not SPLIT:

    def label_text(number):
        """Return the name of a class, or its number where the names are not known."""
        label = number + LABELS_OFFSET
        return LABELS[label] if label < len(LABELS) else str(number)
