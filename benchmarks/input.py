"""Time training from records against training on batches that are in memory already.

    python benchmarks/input.py [--runs N] [--network lenet|vgg16]

Both in one process, with one step of the built file, in turns: blocks of steps from records
and blocks on the same batches in memory, with no reader running. Each block begins with
steps that are not timed, and a new reader. The figure is the median of the ratios block by block.
Beside it stands what the input takes alone, in processor time for an image, and the step's:
where both share the processors their quotient is how much is lost at least.
"""

import argparse
import functools
import importlib.util
import io
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parent.parent
WARM = 2  # steps of a block that are not timed
FILES = 2


@dataclass(frozen=True)
class Case:
    """A network, its images, and how much of it is timed."""

    source: str
    images: int
    batch: int
    steps: int  # of a block
    job: str = ""


CASES = {
    "lenet": Case("lenet.slim", 2000, 50, 60),
    "vgg16": Case(
        "vgg16.slim", 64, 4, 4,
        'train vgg_16 {\n  data records "none"\n  steps 1\n  learning_rate fixed 0.0001\n}\n',
    ),
}  # fmt: skip


def pictures(case: Case) -> Iterator[tuple[str, bytes]]:
    """Yield images as they lie in folders: for LeNet digits' size, else a photograph's."""
    generator = np.random.default_rng(0)
    photograph = Image.fromarray(load_sample_image("china.jpg")).resize((500, 375))
    for number in range(case.images):
        stream = io.BytesIO()
        if case.job:
            turned = photograph.rotate(generator.uniform(-5, 5))
            turned.save(stream, "JPEG", quality=90)
        else:
            pixels = generator.integers(0, 256, [7, 7], np.uint8)
            Image.fromarray(pixels).resize((28, 28)).save(stream, "PNG")
        yield f"{number}.{'jpg' if case.job else 'png'}", stream.getvalue()


def prepared(case: Case, folder: Path) -> Any:
    """Write records by `slimgen records`, build the network, and import it."""
    (folder / "images" / "0").mkdir(parents=True)
    for number, (name, data) in enumerate(pictures(case)):
        path = folder / "images" / str(number % 9 + 1) / name  # 0 may be a background
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    text = (ROOT / "examples" / case.source).read_text(encoding="utf-8")
    (folder / "model.slim").write_text(f"{text}\n{case.job}", encoding="utf-8")
    slimgen = [sys.executable, "-m", "slimgen"]
    records = [*slimgen, "records", "images", "records", "--shards", str(FILES)]
    for command in (records, [*slimgen, "build", "model.slim", "-o", "model.py"]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["model"] = module
    spec.loader.exec_module(module)
    return module


def timed(step: Any, batches: Iterable[Any], steps: int) -> float:
    """Return the seconds of some steps, after others that are not timed."""
    start, result = 0.0, None
    for number, (inputs, labels) in enumerate(itertools.islice(batches, WARM + steps)):
        if number == WARM:
            start = time.perf_counter()
        result = step(inputs, labels)
        float(result[0])  # a step ends before the next begins, on any device
    return time.perf_counter() - start


def processor_seconds(work: Iterator[Any], count: int) -> float:
    """Return the processor time of taking some elements."""
    next(work)
    start = time.process_time()
    for _ in itertools.islice(work, count):
        pass
    return time.process_time() - start


def measure(name: str, runs: int) -> None:
    """Print the row of a network."""
    case = CASES[name]
    with tempfile.TemporaryDirectory(prefix="slimgen-input-") as place:
        folder = Path(place)
        module = prepared(case, folder)
        settings = module.Settings(
            data=str(folder / "records" / "train-*.tfrecord"),
            directory=str(folder / "run"),
            batch=case.batch,
            jit="off",
        )
        data = module.open_data(settings.data)
        run = module.Run(settings, data.count)
        step = module.training_step(run)
        examples = module.Examples(data, settings, training=True)
        fresh = functools.partial(module.batches, examples)
        memory = itertools.cycle(list(itertools.islice(fresh(0), 4)))
        timed(step, memory, 1)  # traces
        ratios, seconds = [], []
        for _ in range(runs):
            in_memory = timed(step, memory, case.steps)
            from_records = timed(step, fresh(0), case.steps)
            ratios.append(from_records / in_memory)
            seconds.append(in_memory / case.steps)
        images = case.steps * case.batch
        taken = processor_seconds(fresh(0), case.steps) / images
        worked = (
            processor_seconds((step(*next(memory)) for _ in iter(int, 1)), case.steps)
            / images
        )
    print(
        f"{name}: {statistics.median(ratios):.3f} times a step in memory"
        f" (from {min(ratios):.3f} to {max(ratios):.3f}; {statistics.median(seconds) * 1000:.0f} ms);"
        f" an image takes {taken * 1e6:.0f} of {worked * 1e6:.0f} µs: {1 + taken / worked:.3f}"
    )


def main() -> None:
    """Print a row for each network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="blocks of each kind")
    parser.add_argument("--network", choices=CASES, help="this one only")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in [options.network] if options.network else CASES:
        measure(name, options.runs)


if __name__ == "__main__":
    main()
