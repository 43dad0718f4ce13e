"""… the folder of a run and its progress."""

import contextlib
import dataclasses
import datetime
import glob
import json
import os
import re
import shutil
import signal
import sys
import threading
import time

import tensorflow as tf

from slimgen.templates.runtime.flags import (
    EVALUATES,
    PRECISION,
    SUMMARIES,
    TERMS,
)
from slimgen.templates.runtime.training.precision import choose_precision
from slimgen.templates.runtime.training.settings import option_of, use_jit
from slimgen.templates.runtime.training.stand_ins import (
    CONFIGURATION,
    SETTINGS,
    TRAINED,
)
from slimgen.templates.runtime.weights import UserError, explained

# Facts in `run.json` that must be equal when a run resumes; others are reported, or free.
FIXED = (
    *("network", "parameters", "layers", "items", "classes", "examples", "files"),
    *("preprocess", "optimizer", "trained", "average_decay", "batch", "seed"),
    *("shuffle", "readers", "block_length", "jit", "deterministic", "precision"),
)
FREE = (
    *("data", "prefetch", "validation", "initial", "include", "exclude", "rename"),
    *("head", "strict", "directory", "device", "steps", "save_minutes", "save_steps"),
    *("keep", "keep_hours", "log_steps", "summary_steps", "summary_images", "profile"),
)


def begin_or_resume(
    settings,
    data,
    device,
    program,  # if SPLIT
):
    """Return the settings with every choice made, and the facts for `run.json`.

    Choices are as the run was begun, else as fits.
    """
    folder = settings.directory
    if re.search(r"[*?\[]", folder):
        raise UserError(f"{folder}: TensorFlow finds no checkpoint below *, ? or [")
    begun = read_facts(folder) if checkpoints(folder) else {}
    jit = "on" if use_jit(settings.jit, device) else "off"
    choices = {"jit": jit, "deterministic": settings.deterministic}
    if PRECISION:
        choices["precision"] = choose_precision(settings.precision, device)
    for name, value in choices.items():
        asked, found = getattr(settings, name), begun.get(name, value)
        if found != value and asked == getattr(SETTINGS, name):
            print(f"{option_of(name)} is {found}, as the run was begun")
            choices[name] = found
    settings = dataclasses.replace(settings, **choices)
    facts = {"network": TRAINED.__name__} | CONFIGURATION
    facts["classes"] = data.classes  # if FOLDERS
    facts |= {"examples": data.count, "files": data.digest}
    facts |= dataclasses.asdict(settings)
    facts = json.loads(json.dumps(facts))  # as they are read
    if begun:
        compare_facts(settings, begun, facts)
    return settings, facts


def read_facts(folder):
    """Return the facts of the run in a folder."""
    file = os.path.join(folder, "run.json")
    try:
        with open(file, encoding="utf-8") as stream:
            return dict(json.load(stream))
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{file} does not say what the checkpoints are of") from error


def compare_facts(settings, begun, facts):
    """Refuse to resume a run with other facts; print those that may differ."""
    folder = settings.directory
    old = "files" not in begun  # earlier versions kept less
    for name in {**facts, **begun}:
        found, asked = begun.get(name), facts.get(name)
        unknown = found is None and (old or name == "classes")
        if found == asked or unknown or name in FREE:
            continue
        found, asked = ("none" if value is None else value for value in (found, asked))
        shown = option_of(name) if hasattr(settings, name) else name
        if name in FIXED:
            found = f"{folder} holds a run with {shown} {found}, not {asked}"
            raise UserError(f"{found}; {begin_another(folder)}")
        print(f"{shown}: {asked}; the run so far had {found}")


def run_classes(path):
    """Return the names of the classes of a run, by its folder or a checkpoint in it."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    try:
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as stream:
            found = json.load(stream)["classes"]
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return [str(name) for name in found] if isinstance(found, list) else None


def begin_another(folder):
    """Say how to leave a run as it is."""
    return f"--directory begins another, --from {folder} with its weights"


def checkpoints(folder):
    """Return the checkpoints in the folder of a run, the newest first."""
    files = glob.glob(os.path.join(glob.escape(folder), "ckpt-*.index"))
    found = [re.fullmatch(r".*ckpt-(\d+)\.index", file) for file in files]
    steps = {int(one[1]): one[0].removesuffix(".index") for one in found if one}
    return [steps[step] for step in sorted(steps, reverse=True)]


def clear_up(folder, step):
    """Remove half-written checkpoints, and the lines of the log after a step."""
    for half in glob.glob(os.path.join(folder, "ckpt-*_temp")):
        shutil.rmtree(half, ignore_errors=True)
    log = os.path.join(folder, "log.jsonl")
    if not os.path.exists(log):
        return
    with open(log, encoding="utf-8") as stream:
        lines = list(stream)
    kept = []
    for line in lines:
        with contextlib.suppress(KeyError, TypeError, ValueError):  # cut off
            if json.loads(line)["step"] <= step and line.endswith("\n"):
                kept.append(line)
    if kept != lines:
        write_whole(log, "".join(kept))


def append_to_log(folder, **values):
    """Append a line of JSON, which is ASCII, to the log of a run."""
    file = os.path.join(folder, "log.jsonl")
    with explained(f"{file} cannot be written"), open(file, "a") as stream:
        print(json.dumps(values), file=stream)


def write_whole(path, text):
    """Write a file so that it never stands there by half."""
    with explained(f"{path} cannot be written"):
        with open(f"{path}.new", "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())  # a power cut leaves the old file or this one
        os.replace(f"{path}.new", path)
        sync_folder(os.path.dirname(path))


def sync_folder(folder):
    """Make the names of the files in a folder survive a power cut."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder or ".", os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)


def write_state(folder, step):
    """Rewrite the file `checkpoint` if it does not name the checkpoint of a step."""
    file = os.path.join(folder, "checkpoint")
    last = f"ckpt-{step}" if checkpoints(folder) else None
    try:
        with open(file, encoding="utf-8") as stream:
            kept = re.match(r'model_checkpoint_path: "(.*)"\n', stream.read())
        if kept is not None and kept[1] == last:
            return
    except FileNotFoundError:
        if last is None:
            return
    except (OSError, ValueError):
        pass  # it is rewritten
    if last is None:
        os.remove(file)
        return
    print(f"{file} was missing, damaged or old; it names {last} now")
    lines = [f'model_checkpoint_path: "{last}"']
    for path in reversed(checkpoints(folder)):
        if int(path.rpartition("-")[2]) <= step:
            written = os.path.getmtime(f"{path}.index")
            lines.append(f'all_model_checkpoint_paths: "{os.path.basename(path)}"')
            lines.append(f"all_model_checkpoint_timestamps: {written}")
    write_whole(file, "\n".join(lines) + "\n")


@contextlib.contextmanager
def locked(folder):
    """Keep other processes out of a folder until this one ends, however it ends."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "a+", encoding="utf-8") as stream:
        try:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            found = f"{folder} is in use by process {stream.read() or 'unknown'}"
            raise UserError(f"{found}; --directory begins another run") from error
        except (ImportError, OSError):
            print(f"{folder} is not locked: two processes here would spoil the run")
        stream.truncate(0)
        print(os.getpid(), end="", file=stream, flush=True)
        yield


class Stopped(Exception):
    """A signal has ended a run, which lost no step; `code` is the exit code."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


@contextlib.contextmanager
def termination():
    """Yield a list that gets the exit code of SIGTERM or Ctrl-C, which end nothing here.

    A second Ctrl-C ends the program at once.
    """
    asked = []
    if threading.current_thread() is not threading.main_thread():
        yield asked  # signals reach the main thread only
        return

    def ask(number, _):
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(75 if number == signal.SIGTERM else 130)

    signals = signal.SIGTERM, signal.SIGINT
    before = [signal.signal(number, ask) for number in signals]
    try:
        yield asked
    finally:
        for number, handler in zip(signals, before):
            signal.signal(number, handler)


class Progress:
    """A bar on a terminal, elsewhere lines; the losses also go to `log.jsonl`."""

    def __init__(self, run):
        self.run, self.settings, self.step = run, run.settings, int(run.step)
        self.terminal = sys.stdout.isatty()
        self.reported = self.drawn = time.monotonic()
        self.steps = 0  # since the last report
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.text and self.terminal:
            print()  # what comes next stands below the bar

    def add(self, result):
        """Keep the result of a step without waiting for it."""
        self.step, self.steps, self.last = self.step + 1, self.steps + 1, result
        if self.terminal and time.monotonic() - self.drawn > 1:
            self.draw()

    def report(self):
        """Write a line about the last step, also to the log; return its numbers."""
        settings, now, later = self.settings, time.monotonic(), bool(self.text)
        if TERMS:
            value, rate, terms = tf.nest.map_structure(float, self.last)
            shown = ", ".join(f"{name} {term:.4f}" for name, term in terms.items())
            shown = f"loss {value:.4f} ({shown})"
        else:
            value, rate = map(float, self.last)
            shown = f"loss {value:.4f}"
        seconds = max(now - self.reported, 1e-6)  # a clock may stand still
        speed = self.steps * settings.batch / seconds
        self.text = f"{shown}  {speed:.1f} images/s"
        if later:  # the first step takes longer
            left = (settings.steps - self.step) * settings.batch / speed
            self.text += f"  {datetime.timedelta(seconds=round(left))} left"
        if self.terminal:
            self.draw()
        else:
            print(f"step {self.step}/{settings.steps}  {self.text}", flush=True)
        values = {"step": self.step, "loss": value}
        values["terms"] = terms  # if TERMS
        values |= {"learning_rate": rate, "images_per_second": round(speed, 1)}
        values["left_out"] = self.run.left_out()  # if SKIP
        append_to_log(settings.directory, **values)
        self.steps, self.reported = 0, now
        if SUMMARIES:
            found = {"loss": value, "learning_rate": rate, "images_per_second": speed}
            if TERMS:
                found |= {f"losses/{name}": term for name, term in terms.items()}
            return found

    def draw(self):
        """Draw the bar over the line of a terminal, with the last report."""
        self.drawn = time.monotonic()
        steps, width = self.settings.steps, shutil.get_terminal_size().columns - 1
        bar = ("=" * (20 * self.step // steps)).ljust(20)
        line = f"[{bar}] step {self.step}/{steps}  {self.text}"
        print(f"\r{line[:width]:<{width}}", end="", flush=True)

    if EVALUATES:

        def interrupt(self, text):
            """Write a line of its own; the time that it took is no part of the speed."""
            print(f"\n{text}" if self.terminal else text, flush=True)
            self.reported = time.monotonic()
