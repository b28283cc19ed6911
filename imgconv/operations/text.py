"""The text of pipelines: parsed into operations, printed from them.

pipeline = step { "|" step };  step = word { value } { name=value | flag }, with shell quoting
inside a step. In text of several lines a line's end is "|", `#` starts a comment, and blank
lines are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from imgconv import errors
from imgconv.operations import HOMES, Operation, Option, operation
from imgconv.operations.tokens import Token, split, step_error
from imgconv.values.parameters import Kind
from imgconv.values.tools import TOOL

RUN_OPTIONS = ("range", "rounding", "dtype", "gray", "threads", "alpha", "channels", "linear", "frames", "roi", "mask")
_NO_PRESET: dict[str, Any] = {}
_STEPS = ("filter", "pool", "maxpool", "avgpool")
_LIGHT = ("activate", "pool")
_PLAIN = re.compile(r"[^\s|'\"\\#=]+")


def parse_steps(text: str) -> tuple[Operation, ...]:
    """The operations that a text describes; UsageError naming the step and what is wrong with it."""
    return tuple(_step(number, tokens) for number, tokens in enumerate(split(text), 1))


# ---------------------------------------------------------------- text to steps


def stated_fields(text: str) -> tuple[type[Operation], dict[str, Any]]:
    """The operation of a text of one step, and the fields that the text states, unchecked against each other.

    Raises UsageError where it is no step, or several.
    """
    steps = split(text)
    if len(steps) != 1:
        raise errors.UsageError(f"{errors.shown(text)} has {len(steps)} steps where one is needed")
    word, rest = _parted(steps[0])
    found = _meaning(word)
    if found is None:
        raise errors.unknown("step", steps[0][0].text, _STEPS, "imgconv help pipelines")
    kind, preset = found
    return kind, preset | _fields(kind, word, rest, preset)


def _step(number: int, tokens: list[Token]) -> Operation:
    shown = " ".join(token.text for token in tokens)
    try:
        word, rest = _parted(tokens)
        found = _meaning(word)
        if found is None:
            known = [name for one in _operations(word) for name in _words(one)]
            raise errors.unknown("step", tokens[0].text, known, "imgconv help pipelines")
        kind, preset = found
        if field := kind.short_calls.get(word):
            behind = [token.text for token in rest if not token.named]
            preset = {field: f"{word}:{','.join(behind)}" if behind else word}
            rest = [token for token in rest if token.named]
        tool, rest = _tool(kind, rest)
        fields = preset | _fields(kind, word, rest, preset)
        return kind(**(kind.like(tool, fields) if tool else fields))
    except errors.UsageError as error:
        raise step_error(number, shown, str(error)) from None


def _tool(kind: type[Operation], tokens: list[Token]) -> tuple[str, list[Token]]:
    """The tool that `like=` names, or an empty text, and the other tokens."""
    named = [token for token in tokens if token.named and token.text.startswith("like=")] if kind.tools else []
    if len(named) > 1:
        raise errors.UsageError("like is given twice")
    tool = TOOL.read(named[0].text.removeprefix("like=")) if named else ""
    return tool, [token for token in tokens if token not in named]


def _parted(tokens: list[Token]) -> tuple[str, list[Token]]:
    """The word of a step, and what follows: `threshold:128` is `threshold 128`."""
    word, colon, behind = tokens[0].text.partition(":")
    first = [Token(behind, quoted=True, named=False)] if colon else []
    return word.lower(), [*first, *tokens[1:]]


@lru_cache(maxsize=256)
def _meaning(word: str) -> tuple[type[Operation], dict[str, Any]] | None:
    """The operation that a word names, and the fields that it sets; None for no word of a step."""
    for kind in _operations(word):
        if word in (words := _words(kind)):
            return kind, words[word]
    return None


def _operations(word: str) -> Iterator[type[Operation]]:
    """All operations, each loaded when its turn comes: the one of this word, those that load little, layers, and what
    loads kernels and the planner."""
    first = [home for home in HOMES if home == word]
    light = [home for home in _LIGHT if home not in first]
    yield from map(operation, [*first, *light])
    from imgconv.operations.layers import LAYERS

    yield from LAYERS
    yield from map(operation, [home for home in HOMES if home not in (*first, *light)])


def _words(kind: type[Operation]) -> dict[str, dict[str, Any]]:
    """The words of an operation, and the fields that each sets."""
    return {kind.word: _NO_PRESET} | kind.short_words | dict.fromkeys(kind.short_calls, _NO_PRESET)


def _fields(operation: type[Operation], word: str, tokens: list[Token], preset: dict[str, Any]) -> dict[str, Any]:
    """The fields that a step's values, name=value pairs and flags set."""
    options = {_key(option.long): option for option in operation.options() if option.name not in preset}
    takes_unnamed = operation.unnamed((), preset) is not None
    places = [key for key, option in options.items() if _is_argument(option, operation, word)]
    values: dict[str, list[Any]] = {}
    unnamed: list[str] = []
    for token in tokens:
        name, equals, text = token.text.partition("=") if token.named else (token.text, "", "")
        key = _key(name)
        is_flag = not token.quoted and key in options and options[key].is_flag
        if not equals and not is_flag:
            if name in RUN_OPTIONS and (takes_unnamed or not places):
                raise _run_option(name)
            if takes_unnamed:
                unnamed.append(token.text)
                continue
            if not places:
                raise _no_place(token, word, options)
            key, text, equals = places[0], token.text, "="
        elif key not in options:
            if key in RUN_OPTIONS:
                raise _run_option(name)
            raise errors.unknown(f"option of {word}", name, [option.long for option in options.values()])
        if key in values and not options[key].kind.item:
            raise errors.UsageError(f"{name} is given twice")
        values.setdefault(key, []).append(_value(options[key], bool(equals), text))
        places = [place for place in places if place != key]
    for field, text in (operation.unnamed(unnamed, preset) or {}).items():
        if field in values:
            raise errors.UsageError(f"{field} is given twice")
        values[field] = [options[field].kind.read(text)]
    if any(option.required and key not in values for key, option in options.items()):
        raise errors.UsageError(f"a value is missing; write: {_short(_usage(word, options))}")
    return {options[key].name: tuple(items) if options[key].kind.item else items[0] for key, items in values.items()}


def _is_argument(option: Option, operation: Operation | type[Operation], word: str) -> bool:
    """Whether an option is written without its name."""
    return option.argument or option.name == operation.short_arguments.get(word)


def _no_place(token: Token, word: str, options: dict[str, Option]) -> errors.UsageError:
    return errors.UsageError(
        f"{errors.shown(token.text)} is one value too many; {word} is written: {_short(_usage(word, options))}"
    )


def _run_option(name: str) -> errors.UsageError:
    """An option of the run where one of a step was expected."""
    calls = {"gray": "Image.gray()", "frames": "imgconv.load(frames=...)"}
    calls |= {
        option: f"imgconv.run({option}=...)" for option in ("range", "rounding", "dtype", "threads", "roi", "mask")
    }
    return errors.UsageError(
        f"{name} belongs to the whole run, not to one step; give it to the command (--{name}) or, in Python, use"
        f" {calls.get(name, f'Image.through({name}=...)')}"
    )


def _short(usage: str) -> str:
    """The beginning of how a step is written: required values come first."""
    return usage if len(usage) <= 100 else usage[: usage.rindex(" ", 0, 97)] + " ..."


def _key(name: str) -> str:
    """A long name in the form in which names are compared: hyphen and underscore are one."""
    return name.replace("-", "_")


def _value(option: Option, equals: bool, text: str) -> Any:
    """The value of a field, or one more item of it, from name=value or a flag."""
    if option.is_flag:
        if equals:
            raise errors.UsageError(f"{option.long} is a flag and takes no value")
        return True
    if not equals:
        raise errors.UsageError(f"{option.long} needs a value: {option.long}={option.kind.metavar}")
    return (option.kind.item or option.kind).read(text)


def _usage(word: str, options: dict[str, Option]) -> str:
    def shown(option: Option) -> str:
        if option.argument:
            return option.kind.metavar
        return (
            f"[{option.long}]"
            if option.is_flag
            else f"[{option.long}={option.kind.metavar}]{'...' if option.kind.item else ''}"
        )

    return " ".join([word, *map(shown, options.values())])


# ---------------------------------------------------------------- steps to text


def step_text(step: Operation, *, typed: bool = False) -> str:
    """Canonical text of a step, as it was declared: the short word if there is one, defaults dropped, fields in
    declared order. Kernels of files are their numbers, which stay when a file changes, or what was `typed`."""
    step = step.declared
    word, preset = _short_word(step)
    values, named = [], []
    for option in step.options():
        value = getattr(step, option.name)
        if typed:
            value = step.as_typed.get(option.name, value)
        if option.name in preset or value is None:
            continue
        if _is_argument(option, step, word):
            values.append(_shown(option.kind, value, typed))
        elif option.kind.item:
            items = [_shown(option.kind.item, item, typed) for item in value]
            named += [f"{option.long}={item}" for item in (dict.fromkeys(items) if typed else items)]
        elif value != option.default:
            named.append(option.long if option.is_flag else f"{option.long}={_shown(option.kind, value, typed)}")
    return " ".join([word, *values, *named])


def _shown(kind: Kind, value: Any, typed: bool) -> str:
    """The text of a value; of a kernel of a file what was typed, if that is wanted."""
    return _quoted((getattr(value, "typed", "") if typed else "") or kind.text(value))


def _short_word(step: Operation) -> tuple[str, dict[str, Any]]:
    """The shortest word for a step, and the fields that it sets."""
    for word, preset in step.short_words.items():
        if all(getattr(step, name) == value for name, value in preset.items()):
            return word, preset
    for word, field in step.short_calls.items():
        value = getattr(step, field)
        if value.partition(":")[0] == word:
            return value, {field: value}
    return step.word, {}


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
