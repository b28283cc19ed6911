"""What `imgconv help TOPIC` explains, from the declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgconv.operations import Operation

WIDTH = 78


def kernels() -> str:
    from imgconv.kernels.dialects.table import DIALECTS
    from imgconv.operations.filter import Filter

    (kernel, *_) = Filter.options()
    return "\n".join(
        [
            *_paragraph("A KERNEL is the weights that a filter slides over the image. It is written as"),
            "",
            *_rows(kernel.forms),
            "",
            *_paragraph(
                "Weights are used as printed, without a flip; --convolve turns them by 180 degrees. Rows stand between"
                " semicolons: 'a b c' is one row, 'a;b;c' one column. A factor may stand in front (2*sobel-y), and a"
                " number in brackets behind picks one of several kernels (bank.npy[3])."
            ),
            "",
            "Other tools' texts and files are recognised, or named before a colon:",
            *_rows((f"{row.name}:", row.example) for row in DIALECTS.values() if row.read or row.opens),
            "",
            "'imgconv kernels' lists the names; 'imgconv kernels show KERNEL' shows one.",
        ]
    )


def borders() -> str:
    from imgconv.values.borders import RULES

    return "\n".join(
        [
            *_paragraph(
                "--border says which values lie beyond the edge of the image, here of the row abcd. Pooling never looks"
                " beyond the edge."
            ),
            "",
            *_rows(
                (
                    f"{name}{':V' if name == 'constant' else ''}",
                    f"{rule.picture}{f'   also {chr(44).join(rule.aliases)}' if rule.aliases else ''}",
                )
                for name, rule in RULES.items()
            ),
            "",
            "'zero' is constant:0. V is in pixel units and the same for all channels.",
        ]
    )


def formats() -> str:
    from imgconv.files.formats import ARRAY, FORMATS
    from imgconv.files.modes import DEEP, LAYOUTS

    words = {name: layout.words for name, layout in (LAYOUTS | DEEP).items()} | {ARRAY: "any type and channels"}
    return "\n".join(
        [
            *_paragraph(
                "Images are recognised by content. The suffix of the output decides its format, --format wins over it,"
                " and a stream is PNG. A result that a format cannot hold is refused. Formats that are written, and"
                " what they hold:"
            ),
            "",
            *_rows(
                (f"{name} ({row.suffixes[0]})", ", ".join(words[mode] for mode in row.modes))
                for name, row in FORMATS.items()
            ),
        ]
    )


def numbers() -> str:
    from imgconv.values.parameters import DTYPE, RANGE

    return "\n".join(
        [
            *_paragraph(
                "A result is sum / divisor + bias in pixel units, computed wide and made to fit once, at the end;"
                " between the steps of one run nothing is rounded or clamped. Integers are exact."
            ),
            "",
            f"--dtype {DTYPE.metavar}",
            *_paragraph("  The output's type. It never rescales: 255 stays 255."),
            f"--range {RANGE.metavar}",
            *_rows(
                (
                    ("clamp", "values outside the type's range become its ends"),
                    ("abs", "|v|, then clamped"),
                    ("shift", "v + half the range (128, 32768), then clamped; for unsigned types"),
                    ("stretch", "the values' own range becomes the type's (0 to 1 for floats)"),
                )
            ),
            "",
            *_paragraph(
                "Halves are rounded up (floor(v + 1/2)). Float results are neither rounded nor clamped; PNG and JPEG"
                " cannot hold them, TIFF and npy can."
            ),
        ]
    )


def pipelines() -> str:
    from imgconv.operations import OPERATIONS
    from imgconv.operations.layers import LAYERS

    return "\n".join(
        [
            *_paragraph(
                "A pipeline is steps with | between them; in a .pipe file each step has a line of its own, and # begins"
                " a comment. A step is a word, its values, and options as name=value or a flag:"
            ),
            "",
            '  imgconv run "filter gaussian:1.5 border=reflect | relu | maxpool 2" in.png -o out.png',
            "",
            "Steps:",
            *(line for row in OPERATIONS for line in _rows([(row.word, row.summary), *_short_words(row)])),
            "",
            "Layers of networks, with --weights:",
            *_rows((", ".join([row.word, *row.short_words]), row.summary) for row in LAYERS),
        ]
    )


TOPICS: dict[str, Callable[[], str]] = {
    "kernels": kernels,
    "borders": borders,
    "numbers": numbers,
    "formats": formats,
    "pipelines": pipelines,
}


def _short_words(operation: type[Operation]) -> list[tuple[str, str]]:
    """The words that stand for an operation with some fields set, in one row."""
    words = [*operation.short_words, *(f"{word}:…" for word in operation.short_calls)]
    return [("", f"also {', '.join(words)}")] if words else []


def _paragraph(text: str) -> list[str]:
    return wrap(text, WIDTH, break_on_hyphens=False)


def _rows(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Two columns; what does not fit the second goes on beneath."""
    lines = []
    for first, second in rows:
        parts = wrap(second, WIDTH - 30, break_on_hyphens=False) or [""]
        head = f"  {first:<26}  "
        if len(first) > 26:
            lines.append(f"  {first}")
            head = " " * 30
        lines += [f"{head}{parts[0]}".rstrip(), *(" " * 30 + part for part in parts[1:])]
    return lines
