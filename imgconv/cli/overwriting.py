"""Results that would replace what a command reads: refused unless that is asked for."""

from __future__ import annotations

import os

import click

from imgconv import errors
from imgconv.cli.options import option
from imgconv.values import groups
from imgconv.values.parameters import FLAG


def overwrite_option(text: str = "Replace existing files in a folder, and inputs.") -> click.Parameter:
    """Whether files that are there are replaced."""
    return option("--overwrite", FLAG, groups.FILES, text, text)


def refuse_inputs(target: str, *inputs: str | None) -> None:
    """UsageError for a target that is one of the inputs, too."""
    named = [one for one in inputs if one is not None]
    if target != "-" and any(os.path.realpath(one) == os.path.realpath(target) for one in named):
        raise errors.UsageError(f"{target} is also an input; --overwrite replaces it, or name another file")
