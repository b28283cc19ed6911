"""README's generated parts: tables from the declarations, and the output of every command shown.

`python -m tests.docs` writes them; `test_docs.py` asserts that they are as written.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from imgconv.batch.run_report import FIELDS
from imgconv.cli.kernels import list_text
from imgconv.files.formats import ARRAY, FORMATS
from imgconv.files.modes import DEEP, LAYOUTS, MODES
from imgconv.kernels.catalog import kernel
from imgconv.kernels.dialects.table import DIALECTS
from imgconv.kernels.named import MODULES, rows
from imgconv.operations import OPERATIONS
from imgconv.values.borders import RULES
from imgconv.values.losses import LOSSES, REMARKS
from tests import matrix

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def kernels() -> str:
    """A table for each family."""
    parts = []
    for family in MODULES:
        lines = []
        for row in rows(family):
            assert row.usage in list_text()
            made = kernel(row.example)
            shown = max(made.shape) <= 3 and all(isinstance(cell, int) for cell in made.cells())
            cells = f"`{' / '.join(' '.join(map(str, line)) for line in made.weights)}`" if shown else ""
            before = f"`{row.example}`: " if shown and row.example != row.name else ""
            after = (f" over {made.divisor}" if made.divisor != 1 else "") + (
                f", plus {made.bias}" if made.bias else ""
            )
            lines.append([f"`{row.usage}`", row.summary, f"{before}{cells}{after}" if shown else "", row.source])
        parts.append(f"{family}:\n\n{table(['kernel', 'what it shows', 'weights', 'source'], lines)}")
    return "\n\n".join(parts)


def dialects() -> str:
    rows = []
    for row in DIALECTS.values():
        names = ", ".join(f"`{name}:`" for name in (row.name, *row.aliases))
        how = {(True, True): "read, written", (True, False): "read", (False, True): "written"}[
            bool(row.read or row.opens), bool(row.write)
        ]
        rows.append([names, row.summary, f"`{row.example}`", how])
    return table(["dialect", "what it is, and how it is meant", "example", ""], rows)


def borders() -> str:
    return table(
        ["border", "the row `abcd` and what surrounds it", "also called"],
        [
            [f"`{name}{':V' if name == 'constant' else ''}`", f"`{rule.picture}`", ", ".join(rule.aliases)]
            for name, rule in RULES.items()
        ],
    )


def options() -> str:
    """Every option of every operation."""
    rows = []
    for operation in OPERATIONS:
        for option in operation.options():
            name = (
                option.kind.metavar
                if option.argument
                else f"--{option.long}{' ' if option.kind.metavar else ''}{option.kind.metavar}"
            )
            rows.append(
                [
                    operation.word,
                    f"`{option.name.upper() if option.argument else name}`",
                    option.help,
                    option.default_text and f"`{option.default_text}`",
                ]
            )
        rows += [[operation.word, f"`--{side.name} FILE`", side.help, ""] for side in operation.sides]
    return table(["command", "option", "", "default"], rows)


def modes() -> str:
    """Every pixel mode and its rule; modes with one rule share a row."""
    rules: dict[tuple[str, str], list[str]] = {}
    for name, row in MODES.items():
        rules.setdefault((LAYOUTS[row.becomes].words, row.rule), []).append(name)
    return table(
        ["mode", "becomes", "how"], [[", ".join(names), becomes, rule] for (becomes, rule), names in rules.items()]
    )


def fates() -> str:
    """What happens to pixels of each layout in each format, tried out."""
    return table(*matrix.table())


def formats() -> str:
    words = {name: layout.words for name, layout in (LAYOUTS | DEEP).items()} | {ARRAY: "any type, any channels"}
    return table(
        ["format", "suffixes", "holds"],
        [[row.name, ", ".join(row.suffixes), ", ".join(words[mode] for mode in row.modes)] for row in FORMATS.values()],
    )


def losses() -> str:
    rows = [[f"`{code}`", meaning, "yes"] for code, meaning in LOSSES.items()] + [
        [f"`{code}`", meaning, "no"] for code, meaning in REMARKS.items()
    ]
    return table(["code", "what happened", "a loss"], rows)


def report() -> str:
    return table(["field", "what it tells"], [[f"`{name}`", meaning] for name, meaning in FIELDS.items()])


PARTS: dict[str, Callable[[], str]] = {
    "dialects": dialects,
    "losses": losses,
    "report": report,
    "kernels": kernels,
    "borders": borders,
    "options": options,
    "modes": modes,
    "fates": fates,
    "formats": formats,
}


def regenerated(text: str, *, outputs: bool = True) -> str:
    """README with its tables and (if `outputs`) the output of its commands made anew."""
    for name, part in PARTS.items():
        text, count = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda found, part=part: f"{found[1]}{part()}\n{found[2]}",
            text,
            flags=re.S,
        )
        assert count == 1, f"README has no place for {name}"
    return re.sub(r"(?<=```console\n).*?(?=```)", lambda block: ran(block[0]), text, flags=re.S) if outputs else text


def ran(block: str) -> str:
    """A console block with the output of its commands, run one after the other in a folder with the samples."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "samples", Path(folder, "samples"))
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shown = []
        for command in commands:
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                cwd=folder,
                env=os.environ | {"PATH": path, "COLUMNS": "100"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=600,
            )
            shown.append(f"$ {command}\n{done.stdout}")
    return "".join(shown)


if __name__ == "__main__":
    from imgconv import directions, load, save
    from imgconv.values.image import Frame, Image

    README.write_text(regenerated(README.read_text()))
    from imgconv import Pipeline

    stairs = load(ROOT / "samples/staircase.png")
    save(stairs.through(Pipeline.parse("filter vertical")), ROOT / "samples/staircase-vertical.png")
    save(stairs.gray().through(Pipeline.parse("edges canny")), ROOT / "samples/edges/canny.png")
    save(Image((Frame(directions(stairs.pixels, "sobel", "hue")),)), ROOT / "samples/edges/hue.png")
