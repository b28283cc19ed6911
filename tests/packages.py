"""`make packages`: the wheel and the source distribution, built, looked into, installed without the tree, and run.

They are built twice, which must give the same bytes. The wheel is run by pip, pipx and uvx; the source distribution is
installed by pip. `python -m tests.packages --only wheel` does a part of it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "out" / "dist"
PICTURE = ROOT / "samples" / "bricks.png"
SOURCES = ("imgconv", "tests", "samples", "docs", ".github")
"""Folders of the source distribution."""
TOP = {
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "PKG-INFO"),
    *("Makefile", "pyproject.toml", ".gitignore", ".pre-commit-config.yaml"),
}
LICENCES = ("LICENSE", "samples/LICENCES.md")


class PackageError(Exception):
    """What is wrong with a package."""


def tracked(*folders: str) -> set[str]:
    """The files that git knows, or will know, in folders of the tree."""
    listed = said("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders, cwd=ROOT)
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


def said(*words: str | Path, cwd: Path, home: Path | None = None) -> str:
    """What a program prints; PackageError with its words where it fails."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "IMGCONV", "VIRTUAL"))}
    if home is not None:
        settings |= {"HOME": str(home), "PIPX_HOME": str(home / "pipx"), "UV_CACHE_DIR": str(home / "uv")}
    done = subprocess.run([*map(str, words)], cwd=cwd, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


# ---------------------------------------------------------------- building


def built(into: Path) -> tuple[Path, Path]:
    """The wheel and the source distribution of the tree; the wheel is built from the source distribution."""
    shutil.rmtree(into, ignore_errors=True)
    said(sys.executable, "-m", "build", "--outdir", into, ROOT, cwd=ROOT)
    (wheel,), (source,) = into.glob("*.whl"), into.glob("*.tar.gz")
    return wheel, source


def check_again(wheel: Path, source: Path) -> str:
    """A second build gives the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        for first, second in zip((wheel, source), built(Path(folder, "dist")), strict=True):
            if digest(first) != digest(second):
                raise PackageError(f"two builds differ: {first.name}")
    return f"built twice, the same bytes: {digest(wheel)[:12]}, {digest(source)[:12]}"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---------------------------------------------------------------- contents


def check_wheel(wheel: Path) -> str:
    """The package, what is said of it, the licences, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    about = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    compare("the wheel", names - about, tracked("imgconv"))
    stated = {name.split(".dist-info/", 1)[1] for name in about}
    wanted = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", *(f"licenses/{name}" for name in LICENCES)}
    compare("the wheel's .dist-info", stated, wanted)
    return f"{len(names)} files, {wheel.stat().st_size // 1000} kB"


def check_source(source: Path) -> str:
    """What git knows, and nothing else."""
    with tarfile.open(source) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    compare("the source distribution", names, tracked(*SOURCES) | TOP)
    return f"{len(names)} files, {source.stat().st_size // 1000} kB"


def compare(what: str, found: set[str], wanted: set[str]) -> None:
    if missing := sorted(wanted - found):
        raise PackageError(f"{what} lacks {', '.join(missing[:9])}")
    if strange := sorted(found - wanted):
        raise PackageError(f"{what} has {', '.join(strange[:9])}, which it should not")


# ---------------------------------------------------------------- running


def check_installed(package: Path, folder: Path) -> str:
    """pip installs a package into an environment of its own, away from the tree, and the command filters a picture."""
    said(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    said(scripts / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package, cwd=folder)
    said(scripts / "python", "-c", "import imgconv; imgconv.correlate([[1, 2], [3, 4]], 'sobel-x')", cwd=folder)
    return check_run((scripts / "imgconv",), folder)


def check_pipx(wheel: Path, folder: Path) -> str:
    """`pipx run` from the wheel."""
    return check_run((sys.executable, "-m", "pipx", "run", "--spec", wheel, "imgconv"), folder)


def check_uvx(wheel: Path, folder: Path) -> str:
    """`uvx` from the wheel, with this Python."""
    return check_run(
        (sys.executable, "-m", "uv", "tool", "run", "--python", sys.executable, "--from", wheel, "imgconv"), folder
    )


def check_run(command: Sequence[str | Path], folder: Path) -> str:
    """The command says its version, and writes a picture."""
    version = said(*command, "--version", cwd=folder, home=folder).strip()
    said(*command, "filter", "vertical", PICTURE, "-o", "out.png", cwd=folder, home=folder)
    if not (folder / "out.png").read_bytes().startswith(b"\x89PNG"):
        raise PackageError("the command wrote no PNG")
    return version


def steps(wheel: Path, source: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """What is checked, by name."""
    yield "wheel", lambda: check_wheel(wheel)
    yield "source", lambda: check_source(source)
    yield "again", lambda: check_again(wheel, source)
    for name, check, package in (
        ("pip, wheel", check_installed, wheel),
        ("pip, source", check_installed, source),
        ("pipx run", check_pipx, wheel),
        ("uvx", check_uvx, wheel),
    ):
        yield name, lambda check=check, package=package: in_folder(check, package)  # type: ignore[misc]


def in_folder(check: Callable[[Path, Path], str], package: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return check(package, Path(folder))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.packages", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="STEP", help="wheel, source, again, 'pip, wheel', 'pipx run' …")
    only, code = parser.parse_args(arguments).only, 0
    for name, check in steps(*built(DIST)):
        if only and name not in only:
            continue
        try:
            print(f"{name:12} {check()}", flush=True)
        except PackageError as error:
            print(f"{name:12} {error}  <- FAILED", flush=True)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
