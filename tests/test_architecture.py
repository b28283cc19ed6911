"""The house: imports point down only, and heavy doors open inside functions."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import imgconv
from imgconv.jit import keys

PACKAGE = Path(imgconv.__file__).parent

# the longest name that a module's name begins with gives its level ("Levels" in docs/design/index.md)
LEVELS = {
    "errors": 0,
    "values": 1,
    "loops": 2,
    "kernels.kernel": 2,
    "kernels.factoring": 2,
    "planner": 3,
    "jit": 4,
    "engine": 5,
    "files": 6,
    "kernels": 7,
    "operations": 8,
    "api": 9,
    "kernels.lab": 10,
    "other_tools": 10,
    "batches": 10,
    "networks": 11,
    "figures": 12,
    "pages": 12,
    "terminals": 12,
    "cli": 13,
    "__main__": 14,
}
HEAVY = {"numpy", "numba", "llvmlite", "PIL"}
MAY_BE_HEAVY = (
    "other_tools.comparison",
    "engine",
    "values.pixel_values",
    "values.image",
    "loops",
    "jit",
    "files",
    "api.annotations",
    "api.axes",
    "api.display",
    "api.image",
    "api.few_levels",
    "api.alpha_by_parts",
    "api.alpha_policies",
    "api.apply.batches",
    "api.apply.layers",
    "api.by_blocks",
    "api.by_rows",
    "api.prepared",
    "api.region",
    "api.unpooling",
    "networks",
)
SOURCES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The dotted name of a module below imgconv; empty for imgconv itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCES}


def imports(node: ast.AST, *, inside: bool = False):
    """(name, whether inside a function) of every import that runs; those for type checkers do not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, inside) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((name, inside) for name in imported(child))
        else:
            yield from imports(child, inside=inside or isinstance(child, (ast.FunctionDef, ast.Lambda)))


def imported(statement: ast.ImportFrom) -> set[str]:
    """The modules that a `from` statement names: what stands behind `import` if it is a module, else before it."""
    names = {f"{statement.module}.{alias.name}" for alias in statement.names}
    return {name if name.removeprefix("imgconv.") in MODULES else str(statement.module) for name in names}


def level(module: str) -> int:
    """The level of the longest row of LEVELS that the name begins with."""
    rows = [row for row in LEVELS if module == row or module.startswith(f"{row}.")]
    return LEVELS[max(rows, key=len)]


def room(module: str) -> str:
    """The folder or module directly below imgconv."""
    return module.split(".", maxsplit=1)[0]


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    if not module:
        return
    for name, _ in imports(ast.parse(MODULES[module].read_text())):
        other = name.removeprefix("imgconv.")
        if name.startswith("imgconv.") and room(other) != room(module) and other != "__version__":
            assert level(other) < level(module), f"{module} imports {other}"


def test_operations_know_no_engine():
    """What an operation is does not depend on how it is computed; `api` applies it."""
    for module in MODULES:
        if room(module) == "operations":
            for name in imports_of(module):
                assert room(name) not in ("engine", "jit", "loops", "files", "api"), f"{module} imports {name}"


def imports_of(module: str) -> set[str]:
    """The modules that a module imports anywhere: at its top, inside functions, and for type checkers."""
    names = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= imported(node)
    return {name.removeprefix("imgconv.") for name in names} & (MODULES.keys() - {module, ""})


def test_no_module_imports_itself_through_others():
    graph = {module: imports_of(module) for module in MODULES if module}
    while leaves := {module for module, names in graph.items() if not names & graph.keys()}:
        for module in leaves:
            del graph[module]
    while roots := graph.keys() - set().union(*graph.values()):
        for module in roots:
            del graph[module]
    assert not graph, "a circle, or what lies between two"


@pytest.mark.parametrize("module", MODULES)
def test_heavy_doors_open_inside_functions(module):
    for name, inside in imports(ast.parse(MODULES[module].read_text())):
        top = name.split(".")[0]
        if top in HEAVY:
            may = inside or (top == "numpy" and module.startswith(MAY_BE_HEAVY))
            assert may, f"{module} imports {name} at its top"


def test_the_key_of_machine_code_covers_every_loop():
    covered = {module for module in MODULES if room(module) == "loops"}
    covered |= {name.removesuffix(".py").replace("/", ".") for name in keys.ELSEWHERE}
    for module, path in MODULES.items():
        if re.search(r"^\w+ = Loop\(|^@helper|^@intrinsic|^@subroutine", path.read_text(), re.M):
            assert module in covered, f"{module} has code of loops and is no part of the key"


def test_every_row_of_levels_names_modules():
    assert [row for row in LEVELS if not any(f"{module}.".startswith(f"{row}.") for module in MODULES)] == []
    assert all(level(module) >= 0 for module in MODULES if module)


def test_modules_can_be_held_in_the_head():
    """By statements, not by lines: a table or a long signature is no more to remember than a short one."""
    long = {
        module: count
        for module, path in MODULES.items()
        if (count := sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(path.read_text())))) > 180
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
