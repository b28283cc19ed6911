"""`imgconv like`: what other tools do differently, from the table of profiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.command import Command
from imgconv.cli.messages import Finished
from imgconv.cli.options import kind_argument, option
from imgconv.values import groups
from imgconv.values.parameters import FLAG
from imgconv.values.tools import TOOL

if TYPE_CHECKING:
    from imgconv.operations.profiles import Profile

EXAMPLES = ("imgconv like", "imgconv like opencv", "imgconv filter box:2 in.png --like opencv -o out.png")
COLUMNS = ("tool", "flip", "border", "centre", "rounding", "divisor", "gaussian", "pool")


def command() -> click.Command:
    return Command(
        "like",
        params=[
            kind_argument("tool", TOOL, "[TOOL]", f"One tool: {', '.join(TOOL.choices)}."),
            option("--json as_json", FLAG, groups.REPORTS, "Print the facts as JSON.", "Print the facts as JSON."),
        ],
        callback=_like,
        help="List what --like takes over from other tools, or all of one tool's ways.",
        brief="List how other tools filter and pool (--like)",
        examples=EXAMPLES,
    )


def _like(tool: str | None, as_json: bool) -> None:
    from imgconv.operations.profiles import PROFILES

    chosen = {name: own for name, own in PROFILES.items() if tool in (None, name)}
    if as_json:
        click.echo(json.dumps({name: facts(own) for name, own in chosen.items()}, indent=2))
    else:
        terminal.say("\n".join(one_tool(tool, chosen[tool]) if tool else table(chosen)))
    raise Finished(errors.DONE)


def facts(own: Profile) -> dict[str, Any]:
    """What a profile declares, in words."""
    pooling = [word for word, holds in (("ceil", own.ceil), ("count-padding", own.count_padding)) if holds]
    return {
        "filter": own.function,
        "flip": "180 degrees" if own.convolve else "rows" if own.mirrored else "none",
        "border": own.border,
        "borders": {str(errors.extent(*key)) if isinstance(key, tuple) else key: to for key, to in own.borders.items()},
        "centre": own.centre or "(e-1)//2",
        "rounding": own.rounding,
        "divisor": own.divisor or "the kernel's",
        "divisors": own.divisors,
        "gaussian": own.sizes or "2*int(4*sigma + 0.5) + 1, as here",
        "pool": own.pooling or "none",
        "pooling": pooling,
        "remarks": list(own.remarks),
    }


def one_tool(name: str, own: Profile) -> list[str]:
    """A line for each fact, then what is not imitated."""
    known = facts(own)
    known["borders"] = ", ".join(f"{key}: {border}" for key, border in known["borders"].items())
    known["divisors"] = ", ".join(f"{key}: {divisor}" for key, divisor in known["divisors"].items())
    known["pooling"] = " ".join(f"--{word}" for word in known["pooling"])
    remarks = known.pop("remarks")
    return [
        f"--like {name}",
        *(f"  {key:<9} {value}" for key, value in known.items() if value),
        *(["not taken over:"] if remarks else []),
        *(f"  {remark}" for remark in remarks),
    ]


def table(profiles: dict[str, Profile]) -> list[str]:
    """A row for each tool."""
    rows = [COLUMNS]
    for name, own in profiles.items():
        known = facts(own)
        pool = "-" if not own.pooling else " ".join(known["pooling"]) or "as here"
        gaussian = "its own" if own.gaussian else "as here"
        short = [known[word] for word in ("flip", "border", "centre", "rounding")]
        divisor = own.divisor or ("some kernels'" if own.divisors else "-")
        rows.append((name, *short, divisor, gaussian, pool))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows),
        "",
        "'imgconv like TOOL' says all of one, and what is not taken over. Options that are stated win.",
    ]
