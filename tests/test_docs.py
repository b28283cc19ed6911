"""The documentation is true: its tables, its commands with their output, its Python, its links, names and pictures."""

import doctest
import importlib
import inspect
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import imgconv
from tests.docs import BLOCK, PAGES, PARTS, PLACE, README, ROOT, ran, regenerated

TEXTS = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}
BLOCKS = [(name, block) for name, text in TEXTS.items() for block in BLOCK.findall(text)]
PYTHON = {
    name: "\n".join(re.findall(r"^```python\n(.*?)^```$", text, flags=re.S | re.M)) for name, text in TEXTS.items()
}
FENCED = re.compile(r"^( *)```.*?^\1```$", re.S | re.M)
EXTERNAL = ("http://", "https://", "mailto:")
PUBLISHED = {"bench", "bench x86-64-v3", "large"}
"""Parts that `make bench` writes."""


@cache
def prose(name: str) -> str:
    """A page without its blocks of code."""
    return FENCED.sub("", TEXTS[name])


@cache
def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text()), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(name: str) -> list[str]:
    """Where a page's links and pictures lead."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(name)))


@pytest.mark.parametrize("name", TEXTS)
def test_tables_come_from_the_declarations(name):
    assert regenerated(TEXTS[name], outputs=False) == TEXTS[name], "run `make docs`"


def test_every_generated_part_has_one_place():
    places = [part for text in TEXTS.values() for _, part, _ in PLACE.findall(text)]
    assert sorted(places) == sorted({*PARTS, *PUBLISHED})


@pytest.mark.parametrize(
    ("name", "block"), BLOCKS, ids=lambda value: value.splitlines()[0][2:40] if "\n" in value else value
)
def test_commands_print_what_is_shown(name, block):
    assert ran(block) == block, f"run `make docs` ({name})"


@pytest.mark.parametrize("name", [name for name, code in PYTHON.items() if ">>> " in code])
def test_python_does_what_is_shown(name, tmp_path, monkeypatch):
    """All examples of a page, one after the other, in a folder with the samples."""
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestParser().get_doctest(PYTHON[name], {}, name, name, 0)
    outcome = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples)
    assert outcome.failed == 0


@pytest.mark.parametrize("name", imgconv.__all__)
def test_docstrings_do_what_they_show(name, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for found in doctest.DocTestFinder().find(getattr(imgconv, name), name):
        runner.run(found)
    assert runner.failures == 0


def is_error(name):
    own = getattr(imgconv, name)
    return isinstance(own, type) and issubclass(own, Exception)


@pytest.mark.parametrize("name", [name for name in imgconv.__all__ if not is_error(name)])
def test_docstrings_name_every_parameter(name):
    """In a section of their own, or by referring to a function that has it. Errors are raised, not called."""
    text = inspect.getdoc(getattr(imgconv, name))
    assert "Parameters" in text
    for parameter in inspect.signature(getattr(imgconv, name)).parameters:
        named = re.search(rf"^(\w+, )*\**{parameter}\b", text, flags=re.M)
        assert named or "are those of `correlate`" in text, parameter


def test_the_picture_after_is_made_from_the_picture_before():
    before, after = (imgconv.load(ROOT / f"samples/{name}.png") for name in ("staircase", "staircase-vertical"))
    np.testing.assert_array_equal(imgconv.correlate(before.pixels, "vertical"), after.pixels)


def test_make_knows_the_targets_that_the_pages_name():
    named = {target for text in TEXTS.values() for target in re.findall(r"(?:`|^)make ([a-z]+)", text, flags=re.M)}
    assert {"run", "test", "docs", "site", "bench"} <= named
    for target in sorted(named):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name):
    """To files and pictures, and to the headings in them."""
    for link in links(name):
        if link.startswith(EXTERNAL):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached():
    """From README by links alone."""
    reached, left = set(), [README]
    while left:
        page = left.pop().resolve()
        if page not in reached and page in PAGES:
            reached.add(page)
            left += [
                page.parent / link.partition("#")[0]
                for link in links(str(page.relative_to(ROOT)))
                if not link.startswith(EXTERNAL)
            ]
    assert reached == set(PAGES)


def test_readme_is_short():
    assert len(TEXTS["README.md"].splitlines()) <= 200


@pytest.mark.parametrize("name", TEXTS)
def test_modules_and_files_that_are_named_exist(name):
    """`imgconv.a.b` can be imported; `files/png/reader.py` and `engine/colour/` are in the package or above it."""
    for dotted in set(re.findall(r"\bimgconv(?:\.[a-zA-Z_]\w*)+", TEXTS[name])):
        assert _resolves(dotted), dotted
    rooms = {path.name for path in (ROOT / "imgconv").iterdir()} | {"imgconv", "tests", "samples", "docs"}
    for path in set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", TEXTS[name])):
        if path.split("/")[0] in rooms:
            assert any((base / path).exists() for base in (ROOT, ROOT / "imgconv")), path


def test_the_tree_has_every_room():
    rooms = re.findall(r"^\| `([\w/.]+)` \|", TEXTS["docs/design/index.md"].partition("## Levels")[0], flags=re.M)
    there = {path.name + "/" * path.is_dir() for path in (ROOT / "imgconv").iterdir() if not path.name.startswith("__")}
    assert sorted(rooms) == sorted(there - {"py.typed"})


def test_tables_for_new_things_are_where_the_design_says():
    """`ROWS` in `kernels/named/`, `FORMATS` in `files/formats.py`."""
    places = re.findall(r"`([A-Z]\w+)`[^`|;]* in `([\w/]+(?:\.py)?)`", TEXTS["docs/design/index.md"])
    assert len(places) >= 10
    for name, place in places:
        path = ROOT / "imgconv" / place
        files = path.glob("*.py") if path.is_dir() else [path]
        assert any(re.search(rf"^(class )?{name}\b", file.read_text(), flags=re.M) for file in files), (name, place)


def _resolves(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    value: object = imgconv
    done = "imgconv"
    for word in dotted.split(".")[1:]:
        done += f".{word}"
        try:
            value = getattr(value, word)
        except AttributeError:
            try:
                value = importlib.import_module(done)
            except ImportError:
                return False
    return True


def test_environment_variables_are_documented():
    """All that the package reads, and no others."""
    sources = [path.read_text() for path in (ROOT / "imgconv").rglob("*.py")]
    read = {name for text in sources for name in re.findall(r"\"(IMGCONV_[A-Z_]+)\"", text)}
    table = re.findall(r"^\| `(IMGCONV_[A-Z_]+)", TEXTS["docs/performance.md"], flags=re.M)
    assert read == set(table)


def test_the_contract_is_cited_by_its_pages():
    """The documentation is the contract; no file that is not part of the project is cited as one."""
    for folder in ("imgconv", "tests", "docs"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md") and path != Path(__file__):
                assert not re.search(r"RULES\.md|\s\(RULES\b", path.read_text()), path


def test_the_source_archive_has_all_that_is_tracked():
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["sdist"][
        "include"
    ]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git repository: this is the archive itself")
    tracked = {path.split("/")[0] for path in listed.stdout.splitlines()}
    assert tracked - {".ci", ".gitignore", "pyproject.toml"} == {path.removeprefix("/") for path in included}
