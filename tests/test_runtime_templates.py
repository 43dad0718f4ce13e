"""The runtime's templates give clean Python for every combination of what a file needs."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import black
import pytest
from runtime_fixture import (
    MODE,
    Labels,
    Network,
    Preprocess,
    Program,
    Train,
    assemble,
    render,
)

VGG = Network("vgg_16", "Vgg16", "vgg")
INCEPTION = Network("inception_v3", "InceptionV3", "inception")
STUB = """
class Vgg16:
    pass


class InceptionV3:
    pass


class Lenet:
    pass
""".lstrip()

PROGRAMS = {
    "no image": Program(preprocess=None, classifier=False),
    "no classes": Program(classifier=False),
    "vgg": Program((VGG,), Preprocess(("vgg",), resize=(300, 400))),
    "vgg, free size": Program((VGG,), Preprocess(("vgg",), free_size=True)),
    "inception": Program((INCEPTION,), Preprocess(("inception",))),
    "inception, slow": Program(
        (INCEPTION,), Preprocess(("inception",), fast=False, free_size=True)
    ),
    "cifarnet": Program(preprocess=Preprocess(("cifarnet",))),
    "cifarnet, free size": Program(
        preprocess=Preprocess(("cifarnet",), free_size=True)
    ),
    "lenet, free size": Program(preprocess=Preprocess(("lenet",), free_size=True)),
    "none": Program(preprocess=Preprocess(("none",))),
    "none, free size": Program(preprocess=Preprocess(("none",), free_size=True)),
    "labels": Program(labels=Labels(("background", "it's", 'a "b"', "\\"), offset=1)),
    "train": Program(train=Train()),
    "train by steps": Program(
        train=Train(
            data="a folder/" + "x" * 90, schedule="exponential", decay_unit="steps"
        )
    ),
    "several networks": Program(
        (VGG, INCEPTION),
        Preprocess(("vgg", "inception")),
        train=Train(
            schedule="exponential", auxiliary=(("AuxLogits", 0.4), ("other", 0.25))
        ),
    ),
    "several networks without images": Program(
        (VGG, INCEPTION), preprocess=None, classifier=False
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_combination_compiles_and_is_as_black_would_write_it(name: str) -> None:
    text = assemble(PROGRAMS[name], STUB, [])

    compile(text, "emitted.py", "exec")
    assert text == black.format_str(text, mode=MODE)


def test_a_file_has_only_the_parts_that_it_needs() -> None:
    bare = assemble(PROGRAMS["no image"], STUB, [])
    without_job = assemble(PROGRAMS["vgg"], STUB, [])

    for word in ("preprocess", "predict", "train(", "Settings", "--network"):
        assert word not in bare
    for word in ("Settings", "TFRecord", "evaluate", "momentum", "--network"):
        assert word not in without_job
    assert "predict" in without_job


def test_values_come_out_as_literals_and_never_as_code() -> None:
    evil = '"""\\\n{{ x }}"; import os  # '
    program = Program(labels=Labels((evil,)), train=Train(data=evil, directory=evil))
    names: dict[str, object] = {"Lenet": None}
    exec(render("names", program), names)

    assert names["LABELS"] == (evil,)
    tree = ast.parse(assemble(program, STUB, []))
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    assert strings.count(evil) == 3


@pytest.mark.slow
def test_ruff_and_mypy_find_nothing(tmp_path: Path) -> None:
    for number, program in enumerate(PROGRAMS.values()):
        (tmp_path / f"emitted_{number}.py").write_text(assemble(program, STUB, []))
    environment = {**os.environ, "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    ruff = ["ruff", "check", "--isolated", "--ignore", "D", str(tmp_path)]
    # Stubs of NumPy take most of the time, so that one process reads them once.
    mypy = ["mypy", "--ignore-missing-imports", "--config-file=", "."]
    results = [
        subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for command in (ruff, mypy)
    ]

    assert [result.returncode for result in results] == [0, 0], [
        result.stdout[:2000] for result in results
    ]
