"""Sentences about pipelines."""

from __future__ import annotations

from imgconv.errors.base import UsageError, cut, shown


def pipeline_empty() -> UsageError:
    return UsageError("the pipeline has no steps; write for instance 'filter vertical | relu | maxpool 2'")


def pipeline_quote(text: str) -> UsageError:
    return UsageError(f"a quotation mark in the pipeline is not closed: {shown(text)}")


def step(number: int, text: str, why: str) -> UsageError:
    return UsageError(f"step {number} ({cut(text.strip())}): {why}")


def step_run_option(name: str) -> str:
    other = {"range": "run", "dtype": "run", "threads": "run", "frames": "load"}
    call = (
        "Image.gray()"
        if name == "gray"
        else f"imgconv.{other[name]}({name}=...)"
        if name in other
        else f"Image.through({name}=...)"
    )
    return (
        f"{name} belongs to the whole run, not to one step; give it to the command (--{name}) or, in Python, use {call}"
    )


def step_extra(word: str, value: str, usage: str) -> str:
    return f"{shown(value)} is one value too many; {word} is written: {_short(usage)}"


def step_missing(usage: str) -> str:
    return f"a value is missing; write: {_short(usage)}"


def _short(usage: str) -> str:
    """The beginning of how a step is written: what must be there comes first."""
    return usage if len(usage) <= 100 else usage[: usage.rindex(" ", 0, 97)] + " ..."


def step_twice(name: str) -> str:
    return f"{name} is given twice"


def step_flag_value(name: str) -> str:
    return f"{name} is a flag and takes no value"


def step_needs_value(name: str, metavar: str) -> str:
    return f"{name} needs a value: {name}={metavar}"


def pipeline_file(path: str, why: str) -> UsageError:
    return UsageError(f"pipeline file {path}: {why}")


def pipeline_from_stdin_needs_image() -> UsageError:
    return UsageError("the pipeline is read from standard input, so the image must be named: imgconv run - in.png")


def not_steps(value: object) -> UsageError:
    return UsageError(
        f"{shown(value)} is not a pipeline; expected text such as 'filter vertical | relu', a Pipeline, or operations"
    )
