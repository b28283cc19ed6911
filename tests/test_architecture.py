"""The house: imports point down only, and heavy doors open inside functions."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import imgconv

PACKAGE = Path(imgconv.__file__).parent

# DESIGN.md section 3; a module of a package has the package's level
LEVELS = {
    "errors": 0,
    "records": 0,
    "losses": 0,
    "unfinished": 0,
    "delegation": 1,
    "layouts": 1,
    "arguments": 1,
    "exact": 1,
    "kept": 1,
    "report": 1,
    "params": 2,
    "shapes": 3,
    "borders": 3,
    "kernels": 3,
    "factoring": 2,
    "planner": 4,
    "loops": 4,
    "combining": 5,
    "jit": 5,
    "numerics": 5,
    "engine": 6,
    "colour": 7,
    "image": 8,
    "files": 9,
    "catalog": 10,
    "operations": 11,
    "pipeline": 12,
    "batch": 13,
    "api": 13,
    "lab": 13,
    "cli": 14,
    "__main__": 15,
}
HEAVY = {"numpy", "numba", "llvmlite", "PIL"}
MAY_BE_HEAVY = {"engine", "numerics", "loops", "jit", "files", "colour", "image"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """The module or package directly below imgconv that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(node: ast.AST, *, inside: bool = False):
    """(name, whether inside a function) of every import that runs; those for type checkers do not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, inside) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            names = (
                [f"{child.module}.{alias.name}" for alias in child.names]
                if child.module == "imgconv"
                else [child.module]
            )
            yield from ((name, inside) for name in names)
        else:
            yield from imports(child, inside=inside or isinstance(child, (ast.FunctionDef, ast.Lambda)))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    here = room(path)
    for name, _ in imports(ast.parse(path.read_text())):
        parts = name.split(".")
        if (
            parts[0] != "imgconv"
            or len(parts) == 1
            or here == "__init__"
            or parts[1] == here
            or parts[1] == "__version__"
        ):
            continue
        assert LEVELS[parts[1]] < LEVELS[here], f"{here} imports {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_doors_open_inside_functions(path):
    for name, inside in imports(ast.parse(path.read_text())):
        top = name.split(".")[0]
        if top in HEAVY:
            may = inside or (top == "numpy" and room(path) in MAY_BE_HEAVY)
            assert may, f"{path.relative_to(PACKAGE)} imports {name} at its top"


def test_every_module_has_a_level():
    assert {room(path) for path in SOURCES} - {"__init__"} == set(LEVELS)


def test_modules_can_be_held_in_the_head():
    long = {
        str(path.relative_to(PACKAGE)): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 250
    }
    assert not long


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["filter", "--help"],
        ["--version"],
        ["kernels"],
        ["filter", "vertica", "x.png"],
        ["run", "nonsense", "x.png"],
    ],
    ids=" ".join,
)
def test_words_load_nothing_heavy(arguments):
    probe = (
        "import os, sys\n"
        f"os._exit = lambda code: print('heavy:', sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)\n"
        f"from imgconv.cli import main\nmain({arguments!r})"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    assert "heavy: []" in done.stderr, done.stderr


def test_import_changes_nothing():
    probe = (
        "import os, signal, sys\n"
        "before = dict(os.environ), [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]\n"
        "import imgconv\n"
        f"assert not {HEAVY!r} & set(sys.modules)\n"
        "assert before == (dict(os.environ), [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)])\n"
        "imgconv.correlate, imgconv.Kernel, imgconv.Pipeline\n"
        f"assert not {HEAVY!r} & set(sys.modules), 'a verb looked at is not yet a verb used'\n"
    )
    subprocess.run([sys.executable, "-c", probe], check=True, timeout=60)


def test_public_names_are_there():
    for name in imgconv.__all__:
        assert getattr(imgconv, name).__doc__, name
    assert not hasattr(imgconv, "nonsense")


def test_nothing_is_loaded_before_an_interrupt_is_guarded():
    """Until `main` runs, a Ctrl-C shows a traceback; so no module may take its time before."""
    words = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); before = set(sys.modules); import imgconv.cli;"
        " print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["__future__", "imgconv", "imgconv.cli"]
