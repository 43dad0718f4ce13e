"""Show what slimgen is for: `make demo`.

VGG-16 is built and looks at two photographs through a checkpoint of TF-Slim's; then LeNet
learns handwritten digits, is killed on the way, resumes, and must read 97% of the digits
that it has not seen.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sklearn.datasets

HERE = Path(__file__).parent
EXAMPLES = HERE.parent
IMAGES = Path(sklearn.datasets.__file__).parent / "images"
PHOTOGRAPHS = ("china.jpg", "flower.jpg")
PYTHON = sys.executable
SLIMGEN = [PYTHON, "-m", "slimgen"]
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
NOTE = re.compile(r"WARNING: All log messages before absl|[IWE]\d{4} [\d:.]+ ")
KILLED_AFTER = 150  # steps
NEEDED = 0.97
PATIENCE = 120  # seconds


def say(text: str) -> None:
    """Head a part of the demonstration."""
    print(f"\n=== {text}\n", flush=True)


def shown(command: list[str]) -> str:
    """Return a command as one would type it."""
    if command[:3] == SLIMGEN:
        command = ["slimgen", *command[3:]]
    words = ["python" if word == PYTHON else word for word in command]
    short = [word.replace(f"{EXAMPLES}{os.sep}", "examples/") for word in words]
    return shlex.join(short)


def run(*words: str | Path) -> str:
    """Run a command, show it and what it prints, and return that; stop if it fails."""
    command = [str(word) for word in words]
    print(f"$ {shown(command)}", flush=True)
    process = subprocess.Popen(
        command,
        env=QUIET,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    lines = [line for line in process.stdout if tell(line)]
    if process.wait():
        sys.exit(f"demo: the command above ended with {process.returncode}")
    return "".join(lines)


def tell(line: str) -> bool:
    """Print a line and say so, unless it is one of TensorFlow's notes on starting."""
    if NOTE.match(line):
        return False
    print(line, end="", flush=True)
    return True


def run_and_kill(*words: str) -> None:
    """Run a training until its checkpoint of step KILLED_AFTER is there, then kill it."""
    print(f"$ {shown(list(words))} &", flush=True)
    with open("first-run.txt", "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            words, env=QUIET, stdout=file, stderr=subprocess.STDOUT
        )
    end = time.monotonic() + PATIENCE
    while not glob.glob(f"runs/lenet/ckpt-{KILLED_AFTER}.index"):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            sys.exit(f"demo: no checkpoint of step {KILLED_AFTER} appeared")
        time.sleep(0.05)
    process.kill()  # SIGKILL: the program has no say
    process.wait()
    for line in Path("first-run.txt").read_text(encoding="utf-8").splitlines():
        tell(f"{line}\n")
    print(f"$ kill -9 {process.pid}", flush=True)


def look_at_photographs() -> None:
    """Build VGG-16 and let it look, through random weights."""
    say("VGG-16: one command, one file")
    run(*SLIMGEN, "build", EXAMPLES / "vgg16.slim", "-o", "vgg16.py")
    run(*SLIMGEN, "summary", EXAMPLES / "vgg16.slim")
    say("A TF-Slim checkpoint in it. Its weights are random, and so are its answers")
    run(PYTHON, HERE / "slim_checkpoint.py", "vgg_16.ckpt")
    for name in PHOTOGRAPHS:
        shutil.copy(IMAGES / name, name)
    run(PYTHON, "vgg16.py", "predict", *PHOTOGRAPHS, "--checkpoint", "vgg_16.ckpt")
    for file in glob.glob("vgg_16.ckpt*"):
        os.remove(file)


def learn_digits() -> None:
    """Train LeNet, kill it, resume it, and check the accuracy."""
    say("LeNet on real handwritten digits")
    run(*SLIMGEN, "build", EXAMPLES / "lenet.slim", "-o", "lenet.py")
    run(PYTHON, HERE / "write_digits.py", "digits")
    say("Training, killed on the way")
    run_and_kill(PYTHON, "lenet.py", "train")
    say("The same command resumes from the last checkpoint")
    told = run(PYTHON, "lenet.py", "train")
    resumed = re.search(r"step (\d+) of", told)
    if resumed is None or int(resumed[1]) < KILLED_AFTER:
        sys.exit("demo: the run did not resume")
    say(f"The digits that it has not seen; {NEEDED:.0%} are to be right")
    digits = "digits/test-*.tfrecord"
    answer = run(PYTHON, "lenet.py", "evaluate", "--data", digits, "--average")
    accuracy = re.search(r"accuracy (\S+)", answer)
    if accuracy is None or float(accuracy[1]) < NEEDED:
        sys.exit(f"demo: less than {NEEDED:.0%}")


def main() -> None:
    """Show both in a folder that is removed again."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="slimgen-demo-") as folder:
        os.chdir(folder)
        look_at_photographs()
        learn_digits()
        os.chdir(EXAMPLES)
    print(f"\ndemo: done in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
