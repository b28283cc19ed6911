"""What people type who come from other tools and courses, and what to write here.

A new habit is one row of OPTIONS or of COMMANDS.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

from imgconv import errors

_KERNELS_SIZE = "the size with the kernel's name, as in box:3 or gaussian:1.5"
_SIZE = ("--size", _KERNELS_SIZE)

OPTIONS: dict[str, tuple[str, ...]] = {
    "--force": ("--overwrite",),
    "--clobber": ("--overwrite",),
    "--yes": ("--overwrite",),
    "-y": ("--overwrite",),
    "--abs": ("--range abs",),
    "--absolute": ("--range abs",),
    "--stretch": ("--range stretch",),
    "--padding": ("--pad",),
    "-p": ("--pad",),
    "--strides": ("--stride",),
    "-s": ("--stride",),
    "--filter-size": _SIZE,
    "--kernel-size": _SIZE,
    "--pool-size": _SIZE,
    "--window": _SIZE,
    "--ksize": _SIZE,
    "-f": _SIZE,
    "--kernel": ("--size", "the kernel as the first argument: imgconv filter vertical in.png"),
    "-k": ("--size", "the kernel as the first argument: imgconv filter vertical in.png"),
    "--filter": ("the kernel as the first argument: imgconv filter vertical in.png",),
    "--sigma": ("the kernel gaussian:SIGMA, as in imgconv filter gaussian:1.5 in.png",),
    "--padding-mode": ("--border",),
    "--border-type": ("--border",),
    "--boundary": ("--border",),
    "--mode": ("--border", "--kind"),
    "--max": ("--kind max",),
    "--min": ("--kind min",),
    "--avg": ("--kind avg",),
    "--average": ("--kind avg",),
    "--mean": ("--kind avg",),
    "--grey": ("--gray",),
    "--grayscale": ("--gray",),
    "--greyscale": ("--gray",),
    "--type": ("--dtype",),
    "--depth": ("--dtype",),
    "--json": ("--report -",),
    "--out": ("--output",),
    "--in": ("the image as the last argument, without an option",),
    "--input": ("the image as the last argument, without an option",),
    "-i": ("the image as the last argument, without an option",),
    "-n": ("--dry-run",),
    "--workers": ("--jobs",),
    "--num-workers": ("--jobs",),
    "--processes": ("--jobs",),
    "-j": ("--jobs",),
    "--scheduler": ("--cluster",),
    "--dask": ("--cluster",),
    "--show": ("--view",),
    "--preview": ("--view",),
    "--display": ("--view",),
    "--histogram": ("--hist",),
}
"""An option of other tools, and what may be meant: the first that the command has, or a sentence."""

COMMANDS = {
    "convolve": "filter --convolve",
    "convolution": "filter",
    "correlate": "filter",
    "conv2d": "filter",
    "show": "view",
    "display": "view",
    "imshow": "view",
    "icat": "view",
}
"""A command of other tools, and the one that is meant."""
MOST_WORDS = 8
"""Arguments that a suggested command repeats."""


def option_meant(name: str, known: Collection[str]) -> errors.UsageError | None:
    """What to write instead of an unknown option, given the options of the command."""
    for advice in OPTIONS.get(name.lower().replace("_", "-") if name.startswith("--") else name, ()):
        if not advice.startswith("-") or advice.split()[0] in known:
            return errors.UsageError(f"there is no option {name} here; write {advice}")
    return None


def command_meant(arguments: Sequence[str]) -> errors.UsageError | None:
    """The command to write where a step, a kernel or another tool's command stands in the place of one."""
    word, rest = arguments[0], list(arguments[1:])
    for find in (_step, _choice, _layer, _kernel, _other):
        if meant := find(word.lower(), rest):
            kind, words = meant
            shown = rest[:MOST_WORDS] or ["in.png", *([] if words == "view" else ["-o", "out.png"])]
            more = " ..." if len(rest) > MOST_WORDS else ""
            return errors.UsageError(
                f"{errors.shown(word)} is {kind}, not a command; write: imgconv {words} {shlex.join(shown)}{more}"
            )
    return None


Meant = tuple[str, str] | None
"""What a word is, and the beginning of the command to write."""


def _step(word: str, rest: list[str]) -> Meant:
    """`pool --kind max --size 2` for `maxpool 2`; takes the value out of `rest`."""
    from imgconv.operations import OPERATIONS

    for operation in OPERATIONS:
        if word not in operation.short_words:
            continue
        options = {option.name: option for option in operation.options()}
        parts = [operation.word]
        for name, value in operation.short_words[word].items():
            if value is not None:
                text = options[name].kind.text(value)
                parts.append(text if options[name].argument else f"--{options[name].long} {text}")
        field = operation.short_arguments.get(word)
        if field and rest and options[field].kind.reads(rest[0]):
            parts.append(f"--{options[field].long} {rest.pop(0)}")
        return "a step of pipelines", " ".join(parts)
    return None


def _choice(word: str, rest: list[str]) -> Meant:
    """`edges canny` for `canny`."""
    from imgconv.operations import OPERATIONS

    for operation in OPERATIONS:
        for option in operation.options():
            if option.argument and word in option.kind.choices:
                return f"a {option.name}", f"{operation.word} {word}"
    return None


def _layer(word: str, rest: list[str]) -> Meant:
    """`run "conv ..." --weights FILE` for `conv`."""
    from imgconv.operations.layers import LAYERS

    known = any(word in (layer.word, *layer.short_words) for layer in LAYERS)
    return ("a layer of networks", f"run '{word} ...' --weights FILE") if known else None


def _kernel(word: str, rest: list[str]) -> Meant:
    """`filter gaussian:1.5` for `gaussian`."""
    from imgconv.kernels.named import find

    row = find(word)
    return ("a kernel", f"filter {shlex.quote(word if ':' in word else row.example)}") if row is not None else None


def _other(word: str, rest: list[str]) -> Meant:
    return ("what other tools say", COMMANDS[word]) if word in COMMANDS else None
