"""The generated parts of the documentation: tables from the declarations, and what the commands shown print.

`python -m tests.docs` (`make docs`) writes them; `test_docs.py` asserts that they are as written. The tables of
`make bench` are not made here but by `tests.bench`.
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import click

import imgconv
from imgconv.batches.run_report import FIELDS
from imgconv.cli.common import COMMON
from imgconv.cli.help_pages import group_of
from imgconv.cli.main import group
from imgconv.cli.options import Argument
from imgconv.files.formats import ARRAY, FORMATS
from imgconv.files.modes import DEEP, LAYOUTS, MODES
from imgconv.kernels.catalog import kernel
from imgconv.kernels.dialects.table import DIALECTS
from imgconv.kernels.named import MODULES, rows
from imgconv.networks.formats.onnx.operators import OPERATORS
from imgconv.operations.layers import LAYERS
from imgconv.values.borders import RULES
from imgconv.values.groups import GROUPS
from imgconv.values.losses import LOSSES, REMARKS
from tests import matrix

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PERFORMANCE = ROOT / "docs/performance.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
BENCH = ("vertical 3×3 · 24 Mpx RGB 8-bit", "Gaussian σ 2 · 512×512 RGB 8-bit", "max 2×2/2 · 24 Mpx RGB 8-bit",
         "command PNG→PNG · 24 Mpx RGB 8-bit", "command JPEG→JPEG · 24 Mpx RGB 8-bit")  # fmt: skip
"""The rows of the benchmark that README shows: what is faster and what is slower."""

BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.S | re.M)
PLACE = re.compile(r"(<!-- (?!end )([a-z][a-z0-9 -]*) -->\n).*?(<!-- end -->)", re.S)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def kernels() -> str:
    """A table for each family."""
    parts = []
    for family in MODULES:
        lines = [[f"`{row.usage}`", row.summary, _weights(row.name, row.example), row.source] for row in rows(family)]
        parts.append(f"## {family}\n\n{table(['kernel', 'what it shows', 'weights', 'source'], lines)}")
    return "\n\n".join(parts)


def _weights(name: str, example: str) -> str:
    """The weights of a small kernel of whole numbers; empty for others."""
    value = kernel(example)
    if max(value.shape) > 3 or not all(isinstance(cell, int) for cell in value.cells()):
        return ""
    before = f"`{example}`: " if example != name else ""
    after = (f" over {value.divisor}" if value.divisor != 1 else "") + (f", plus {value.bias}" if value.bias else "")
    return f"{before}`{' / '.join(' '.join(map(str, line)) for line in value.weights)}`{after}"


def dialects() -> str:
    ways = {(True, True): "read, written", (True, False): "read", (False, True): "written"}
    lines = []
    for row in DIALECTS.values():
        names = ", ".join(f"`{name}:`" for name in (row.name, *row.aliases))
        lines.append([names, row.summary, f"`{row.example}`", ways[bool(row.read or row.opens), bool(row.write)]])
    return table(["dialect", "what it is, and how it is meant", "example", ""], lines)


def borders() -> str:
    names = [f"`{name}{':V' if name == 'constant' else ''}`" for name in RULES]
    lines = [
        [name, f"`{rule.picture}`", ", ".join(rule.aliases)] for name, rule in zip(names, RULES.values(), strict=True)
    ]
    return table(["border", "the row `abcd` and what surrounds it", "also called"], lines)


def layers() -> str:
    """Every layer with its fields and what it is."""
    lines = []
    for layer in LAYERS:
        fields = [one for one in layer.options() if one.long != "name"]
        usage = [
            one.kind.metavar if one.argument else one.long if one.is_flag else f"{one.long}={one.kind.metavar}"
            for one in fields
        ]
        words = [layer.word, *layer.short_words]
        lines.append([", ".join(f"`{word}`" for word in words), " ".join(f"`{one}`" for one in usage), layer.summary])
    return table(["layer", "values", "what it does"], lines)


def onnx() -> str:
    """The operators of ONNX that are read."""
    return ", ".join(f"`{operator}`" for operator in OPERATORS)


def options() -> str:
    """Every command with its own options; those that all image commands share are in `common_options`."""
    shared = {tuple(option.opts) for option in COMMON()}
    parts = []
    for name, command in commands("imgconv", group()):
        own = [one for one in command.params if tuple(one.opts) not in shared and not getattr(one, "is_eager", False)]
        lines = [row for one in own if (row := _option(one))[1]]
        usage = " ".join(
            [
                name,
                *(["[OPTIONS]"] if lines else []),
                *(one.make_metavar(None) for one in command.params if isinstance(one, click.Argument)),
            ]
        )
        parts.append(f"## {name}\n\n{command.help}\n\n    {usage}")
        if lines:
            parts.append(table(["option", "", "default"], lines))
    return "\n\n".join(parts)


def common_options() -> str:
    """A table for each group of options."""
    grouped = {title: [_option(one) for one in COMMON() if group_of(one) == title] for title in GROUPS}
    heads = ["option", "", "default"]
    return "\n\n".join(f"### {title}\n\n{table(heads, rows)}" for title, rows in grouped.items() if rows)


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The commands of a group and of the groups in it, each with its full name."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    if command.invoke_without_command:
        yield name, command
    context = click.Context(command)
    for word in command.list_commands(context):
        found = command.get_command(context, word)
        assert found is not None
        yield from commands(f"{name} {word}", found)


def _option(option: click.Parameter) -> list[str]:
    """A row: the option or argument as it is typed, its help, its default."""
    if isinstance(option, Argument):
        forms = "; ".join(f"`{form}`: {meaning}" for form, meaning in option.forms)
        return [f"`{option.metavar}`", f"{option.meaning}{' ' if forms else ''}{forms}", ""]
    assert isinstance(option, click.Option)
    metavar = (
        option.metavar
        or (option.type.get_metavar(option, click.Context(click.Command(""))) if not option.is_flag else "")
        or ""
    )
    found = re.fullmatch(r"(.*?)(?:\s*\[default: (.*)\])?", option.help or "", flags=re.S)
    assert found
    typed = ", ".join(name for name in option.opts if name.startswith("-"))
    return [f"`{typed} {metavar}`".replace(" `", "`"), found[1], found[2] or ""]


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
    lines = [
        [row.name, ", ".join(row.suffixes), ", ".join(words[mode] for mode in row.modes)] for row in FORMATS.values()
    ]
    return table(["format", "suffixes", "holds"], lines)


def losses() -> str:
    lines = [[f"`{code}`", meaning, "yes"] for code, meaning in LOSSES.items()]
    return table(
        ["code", "what happened", "a loss"],
        [*lines, *([f"`{code}`", meaning, "no"] for code, meaning in REMARKS.items())],
    )


def report() -> str:
    return table(["field", "what it tells"], [[f"`{name}`", meaning] for name, meaning in FIELDS.items()])


def reference() -> str:
    """The signature and the docstring of everything that `imgconv` exports, and of its methods."""
    parts = []
    for name in imgconv.__all__:
        value = getattr(imgconv, name)
        parts.append(f"## {name}\n\n{_described(f'imgconv.{name}', value)}")
        parts += [f"### {name}.{word}\n\n{_described(f'{name}.{word}', method)}" for word, method in _methods(value)]
    return "\n\n".join(parts)


def _methods(value: object) -> Iterator[tuple[str, object]]:
    """The public methods and properties of a class that have a docstring, those of its bases first."""
    bases = reversed(value.__mro__) if inspect.isclass(value) else ()
    for word, found in {word: found for base in bases for word, found in vars(base).items()}.items():
        is_method = inspect.isfunction(found) or isinstance(found, (classmethod, property, cached_property))
        if is_method and not word.startswith("_") and inspect.getdoc(found):
            yield word, found if isinstance(found, (property, cached_property)) else getattr(value, word)


def _described(name: str, value: object) -> str:
    text = f"```text\n{inspect.getdoc(value)}\n```"
    if isinstance(value, (property, cached_property)):
        return text
    if inspect.isclass(value) and issubclass(value, Exception):
        return f"```python\nclass {name}({', '.join(base.__name__ for base in value.__bases__)})\n```\n\n{text}"
    signature = inspect.signature(value)  # type: ignore[arg-type]
    parameters = [_typed(one) for word, one in signature.parameters.items() if word != "self"]
    by_name = sum(one.kind is inspect.Parameter.KEYWORD_ONLY for one in signature.parameters.values())
    if by_name:
        parameters.insert(len(parameters) - by_name, "*")
    result = "" if signature.return_annotation is inspect.Signature.empty else f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(parameters)}){result}"
    if len(line) > 100:
        line = "\n".join([f"{name}(", *(f"    {one}," for one in parameters), f"){result}"])
    return f"```python\n{line}\n```\n\n{text}"


def _typed(one: inspect.Parameter) -> str:
    """A parameter with its annotation, which is a text, and its default."""
    default = "" if one.default is inspect.Parameter.empty else f" = {one.default!r}"
    return f"{one.name}: {one.annotation}{default}"


def bench_rows() -> str:
    """The rows of BENCH, as the first table of the last `make bench` has them; other baselines follow it."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PERFORMANCE.read_text().splitlines()
        if line.startswith("| ")
    ]
    measured = {line[0]: line for line in reversed(lines)}
    return table(["case", "imgconv", "best other", "ratio"], [measured[name][:4] for name in BENCH])


PARTS: dict[str, Callable[[], str]] = {
    "bench-rows": bench_rows,
    "borders": borders,
    "common-options": common_options,
    "dialects": dialects,
    "fates": fates,
    "formats": formats,
    "kernels": kernels,
    "layers": layers,
    "losses": losses,
    "modes": modes,
    "onnx": onnx,
    "options": options,
    "reference": reference,
    "report": report,
}


def regenerated(text: str, *, outputs: bool = True) -> str:
    """A page with its tables and (if `outputs`) the output of its commands made anew."""
    text = PLACE.sub(
        lambda place: f"{place[1]}{PARTS[place[2]]()}\n{place[3]}" if place[2] in PARTS else place[0], text
    )
    return BLOCK.sub(lambda block: ran(block[0]), text) if outputs else text


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


def draw() -> None:
    """The pictures that the pages show."""
    from imgconv import Pipeline, directions, load, save
    from imgconv.api.image import Image
    from imgconv.values.image import Frame

    stairs = load(ROOT / "samples/staircase.png")
    save(stairs.through(Pipeline.parse("filter vertical")), ROOT / "samples/staircase-vertical.png")
    save(stairs.gray().through(Pipeline.parse("edges canny")), ROOT / "samples/edges/canny.png")
    save(Image((Frame(directions(stairs.pixels, "sobel", "hue")),)), ROOT / "samples/edges/hue.png")


if __name__ == "__main__":
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or PAGES
    for page in chosen:
        before = page.read_text()
        after = regenerated(before)
        if after != before:
            page.write_text(after)
            print(page.relative_to(ROOT))
    if chosen == PAGES:
        draw()
