"""The text of pipelines: parsed into operations, printed from them.

pipeline = step { "|" step };  step = word { value } { name=value | flag }, with shell quoting
inside a step. In text of several lines a line's end is "|", `#` starts a comment, and blank
lines are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from imgconv import errors
from imgconv.operations import OPERATIONS, Operation, Option
from imgconv.values.frozen import record

RUN_OPTIONS = ("range", "dtype", "gray", "threads", "alpha", "channels", "linear", "frames")
_NO_PRESET: dict[str, Any] = {}
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*=")
_PLAIN = re.compile(r"[^\s|'\"\\#=]+")


def parse_steps(text: str) -> tuple[Operation, ...]:
    """The operations that a text describes; UsageError naming the step and what is wrong with it."""
    return tuple(_step(number, tokens) for number, tokens in enumerate(_split(text), 1))


# ---------------------------------------------------------------- text to steps


@record
class _Token:
    """A word of a step; `named` if it is name=value, with the name outside quotes."""

    text: str
    quoted: bool
    named: bool


def _split(text: str) -> list[list[_Token]]:
    """The tokens of each step."""
    steps: list[list[_Token]] = [[]]
    ends = ["|"]  # what stands before and after each step; a line's end may leave it empty, two "|" may not
    for token in _tokens(text):
        if isinstance(token, _Token):
            steps[-1].append(token)
        else:
            steps.append([])
            ends.append(token)
    ends.append("|")
    if not any(steps):
        raise errors.UsageError("the pipeline has no steps; write for instance 'filter vertical | relu | maxpool 2'")
    for i, tokens in enumerate(steps):
        if not tokens and ends[i] == ends[i + 1] == "|":
            raise _step_error(i + 1, "", "is empty; every '|' needs a step on both sides")
    return [tokens for tokens in steps if tokens]


def _tokens(text: str) -> Iterator[_Token | str]:
    """Words, and "|" or a line's end between steps."""
    word: list[str] = []
    quoted = started = False
    name_ends = -1
    i = 0

    def token() -> _Token:
        joined = "".join(word)
        match = _NAME.match(joined)
        return _Token(joined, quoted, bool(match and match.end() == name_ends))

    while i < len(text):
        char = text[i]
        if char in "'\"":
            close = _closing(text, i)
            word.append(text[i + 1 : close] if char == "'" else re.sub(r'\\(["\\])', r"\1", text[i + 1 : close]))
            quoted, started, i = quoted or not started, True, close
        elif char == "\\" and i + 1 < len(text):
            word.append(text[i + 1])
            started, i = True, i + 1
        elif char == "#" and not started:
            line_ends = text.find("\n", i)
            i = len(text) if line_ends < 0 else line_ends - 1
        elif char.isspace() or char == "|":
            if started:
                yield token()
            word, quoted, started, name_ends = [], False, False, -1
            if char in "|\n":
                yield char
        else:
            if char == "=" and name_ends < 0 and not quoted:
                name_ends = sum(map(len, word)) + 1
            word.append(char)
            started = True
        i += 1
    if started:
        yield token()


def _closing(text: str, start: int) -> int:
    i = start + 1
    while i < len(text):
        if text[i] == "\\" and text[start] == '"':
            i += 1
        elif text[i] == text[start]:
            return i
        i += 1
    raise errors.UsageError(f"a quotation mark in the pipeline is not closed: {errors.shown(text[start:])}")


def _step(number: int, tokens: list[_Token]) -> Operation:
    shown = " ".join(token.text for token in tokens)
    word, words = tokens[0].text.lower(), _words(OPERATIONS)
    if word not in words:
        from imgconv.operations.layers import LAYERS

        words |= _words(LAYERS)
    try:
        if word not in words:
            raise errors.unknown("step", tokens[0].text, list(words), "imgconv help pipelines")
        operation, preset = words[word]
        return operation(**preset, **_fields(operation, word, tokens[1:], preset))
    except errors.UsageError as error:
        raise _step_error(number, shown, str(error)) from None


def _words(operations: Sequence[type[Operation]]) -> dict[str, tuple[type[Operation], dict[str, Any]]]:
    """The words of operations, and the fields that each sets."""
    return {
        word: (operation, preset)
        for operation in operations
        for word, preset in ({operation.word: _NO_PRESET} | operation.short_words).items()
    }


def _fields(operation: type[Operation], word: str, tokens: list[_Token], preset: dict[str, Any]) -> dict[str, Any]:
    """The fields that a step's values, name=value pairs and flags set."""
    options = {_key(option.long): option for option in operation.options() if option.name not in preset}
    places = [key for key, option in options.items() if _is_argument(option, operation, word)]
    values: dict[str, list[Any]] = {}
    for token in tokens:
        name, equals, text = token.text.partition("=") if token.named else (token.text, "", "")
        key = _key(name)
        is_flag = not token.quoted and key in options and options[key].is_flag
        if not equals and not is_flag:
            if not places:
                raise _no_place(name, token, word, options)
            key, text, equals = places[0], token.text, "="
        elif key not in options:
            if key in RUN_OPTIONS:
                raise _run_option(name)
            raise errors.unknown(f"option of {word}", name, [option.long for option in options.values()])
        if key in values and not options[key].kind.item:
            raise errors.UsageError(f"{name} is given twice")
        values.setdefault(key, []).append(_value(options[key], bool(equals), text))
        places = [place for place in places if place != key]
    if any(option.required and key not in values for key, option in options.items()):
        raise errors.UsageError(f"a value is missing; write: {_short(_usage(word, options))}")
    return {options[key].name: tuple(items) if options[key].kind.item else items[0] for key, items in values.items()}


def _is_argument(option: Option, operation: Operation | type[Operation], word: str) -> bool:
    """Whether an option is written without its name."""
    return option.argument or option.name == operation.short_arguments.get(word)


def _no_place(name: str, token: _Token, word: str, options: dict[str, Option]) -> errors.UsageError:
    if name in RUN_OPTIONS:
        return _run_option(name)
    return errors.UsageError(
        f"{errors.shown(token.text)} is one value too many; {word} is written: {_short(_usage(word, options))}"
    )


def _run_option(name: str) -> errors.UsageError:
    """An option of the run where one of a step was expected."""
    calls = {"gray": "Image.gray()", "frames": "imgconv.load(frames=...)"}
    calls |= {option: f"imgconv.run({option}=...)" for option in ("range", "dtype", "threads")}
    return errors.UsageError(
        f"{name} belongs to the whole run, not to one step; give it to the command (--{name}) or, in Python, use"
        f" {calls.get(name, f'Image.through({name}=...)')}"
    )


def _step_error(number: int, text: str, reason: str) -> errors.UsageError:
    return errors.UsageError(f"step {number} ({errors.cut(text.strip())}): {reason}")


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


def step_text(step: Operation) -> str:
    """Canonical text of a step, as it was declared: the short word if there is one, defaults dropped, fields in
    declared order."""
    step = step.declared
    word, preset = next(
        ((w, p) for w, p in step.short_words.items() if all(getattr(step, k) == v for k, v in p.items())),
        (step.word, {}),
    )
    values, named = [], []
    for option in step.options():
        value = getattr(step, option.name)
        if option.name in preset or value is None:
            continue
        if _is_argument(option, step, word):
            values.append(_quoted(option.kind.text(value)))
        elif option.kind.item:
            named += [f"{option.long}={_quoted(option.kind.item.text(item))}" for item in value]
        elif value != option.default:
            named.append(option.long if option.is_flag else f"{option.long}={_quoted(option.kind.text(value))}")
    return " ".join([word, *values, *named])


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
