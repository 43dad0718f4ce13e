"""The wheel and the editable install hold all that is needed, away from the repository."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent

MODEL = """\
use "std/{block}"

network tiny(classes = 10) {{
  input images 8x8x4
  conv classes 3x3 as conv1
}}
"""


def resources() -> list[str]:
    """The files of a package besides Python."""
    folders = {
        "slimgen/grammar": ROOT / "grammar",
        "slimgen/templates": ROOT / "templates",
        "slimgen/std": ROOT / "slimgen" / "std",
        "slimgen/messages": ROOT / "slimgen" / "messages",
        "slimgen/zoo": ROOT / "examples",
    }
    return sorted(
        f"{inside}/{path.relative_to(outside).as_posix()}"
        for inside, outside in folders.items()
        for path in outside.rglob("*")
        if path.suffix in (".lark", ".j2", ".slim", ".md")
        or path.name == "networks.json"
        or (path.suffix == ".py" and outside.name == "templates")
    )


def modules() -> list[str]:
    return sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("slimgen/**/*.py"))


def settings() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = project["tool"]["setuptools"]
    return found


def test_every_package_is_listed() -> None:
    folders = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for path in ROOT.glob("slimgen/**/__init__.py")
    }

    templates = "slimgen.templates"
    own = {"slimgen.grammar", "slimgen.zoo", templates, f"{templates}.runtime"}
    own.add(f"{templates}.runtime.training")
    assert folders | own == set(settings()["packages"])


def run(*command: object, cwd: Path) -> str:
    outcome = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the source distribution as an upload would be."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def fresh_environment(folder: Path) -> Path:
    """Return the programs of a new virtual environment."""
    venv.create(folder, with_pip=True)
    return folder / "bin"


@pytest.mark.slow
def test_the_wheel_holds_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert [] == [name for name in modules() + resources() if name not in names]
    assert "slimgen/py.typed" in names
    assert not [name for name in names if name.startswith(("tests", "examples"))]


@pytest.mark.slow
@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_an_install_builds_away_from_the_repository(
    editable: bool, wheel: Path, tmp_path: Path
) -> None:
    programs = fresh_environment(tmp_path / "venv")
    what = ["--editable", ROOT] if editable else [wheel]
    run(programs / "pip", "install", "--quiet", *what, cwd=tmp_path)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    block = sorted((ROOT / "slimgen" / "std").glob("*.slim"))[0].name
    (folder / "tiny.slim").write_text(MODEL.format(block=block))

    run(programs / "slimgen", "build", "tiny.slim", cwd=folder)
    run(programs / "slimgen", "build", "--check", "--full", "tiny.slim", cwd=folder)

    assert "class Tiny" in (folder / "tiny.py").read_text()
    assert "E901" in run(programs / "slimgen", "explain", cwd=folder)
    assert "conv" in run(programs / "slimgen", "layers", cwd=folder)
    assert "zoo/keras/nasnet.slim" in run(programs / "slimgen", "zoo", cwd=folder)
    run(programs / "slimgen", "zoo", "keras_inception_v3", "-o", ".", cwd=folder)
    run(programs / "slimgen", "zoo", "resnet_v1_200", "-o", ".", cwd=folder)
    run(programs / "slimgen", "build", "inception_v3.slim", cwd=folder)
    run(programs / "slimgen", "check", "resnet_v1_200.slim", cwd=folder)
    missing = "import importlib.util as u; assert u.find_spec('tensorflow') is None"
    run(programs / "python", "-c", missing, cwd=folder)
