"""What an operation is: a small frozen value whose fields know how to be parsed and printed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, ClassVar

from imgconv.values.frozen import MISSING, field, fields, record
from imgconv.values.groups import OPERATION
from imgconv.values.parameters import Kind

Shape = tuple[int, int, int]
"""Rows, columns and channels of values."""


BORDER_BRIEF = "What lies beyond the edge.  [default: edge]"
STRIDE_BRIEF = "Pixels from one window to the next."
PAD_BRIEF = "Pixels added around the image.  [default: same]"
"""Lines of the short help that several operations share."""


def option(
    kind: Kind,
    help_: str,
    default: Any = MISSING,
    *,
    group: str = OPERATION,
    brief: str = "",
    argument: bool = False,
    forms: tuple[tuple[str, str], ...] = (),
    show: str = "",
) -> Any:
    """Declares a field: its kind, its help sentence, its default; an `argument` is written without its name.

    `group` is one of `imgconv.values.groups`; `brief` its line in the short help, which lists the options that have
    one; `forms` are (form, meaning) of what an argument may be; `show` is the default as help prints it where the value
    itself would not say it.
    """
    metadata = {
        "kind": kind,
        "help": help_,
        "group": group,
        "brief": brief,
        "argument": argument,
        "forms": forms,
        "show": show,
    }
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def file_name(parts: Iterable[str]) -> str:
    """Words as they may stand in any file's name."""
    return "".join(c if c.isalnum() or c in "-.," else "-" for c in "-".join(parts))


@record
class Option:
    """A declared field as the command line and the pipeline text see it."""

    name: str
    kind: Kind
    help: str
    default: Any
    group: str
    brief: str
    argument: bool
    forms: tuple[tuple[str, str], ...]
    show: str

    @property
    def long(self) -> str:
        """The name as users write it: `count-padding`; a Python keyword's underscore is dropped, `with_` is `with`."""
        return self.name.rstrip("_").replace("_", "-")

    @property
    def is_flag(self) -> bool:
        return not self.kind.metavar

    @property
    def required(self) -> bool:
        return self.default is MISSING

    @property
    def default_text(self) -> str:
        """The default as help shows it, or an empty text."""
        if self.show or self.required or self.default in (None, ()) or self.is_flag:
            return self.show
        return self.kind.text(self.kind.read(self.default))


@record
class AuxiliaryOutput:
    """Another picture that an operation can make of the same image, beside its result: `--name FILE` of its command."""

    name: str
    help: str


@cache
def _options(operation: type) -> tuple[Option, ...]:
    return tuple(Option(f.name, default=f.default, **f.metadata) for f in fields(operation))


@record
class Operation(ABC):
    """The root of operations. A subclass declares fields with `option` and the class attributes below."""

    word: ClassVar[str]
    """Its name on the command line and in a pipeline."""
    summary: ClassVar[str]
    """One line for help and documentation."""
    brief: ClassVar[str] = ""
    """The same in a few words, for a list of commands."""
    examples: ClassVar[tuple[str, ...]]
    """Commands that help shows first."""
    short_words: ClassVar[dict[str, dict[str, Any]]] = {}
    """Other words of a pipeline: the fields they set. Some take a value, too."""
    short_arguments: ClassVar[dict[str, str]] = {}
    """The field that the value of such a word sets."""
    short_calls: ClassVar[dict[str, str]] = {}
    """Words with numbers behind a colon, `threshold:128`: the field whose value such a word is."""
    sees_all: ClassVar[str] = ""
    """The options under which windows cover the last rows and columns too, in words; where `unseen` may count some."""
    auxiliary: ClassVar[tuple[AuxiliaryOutput, ...]] = ()
    """What else its command can write; no part of the value, so no pipeline text has it."""
    applied_in: ClassVar[str] = ""
    """The module of `api/apply` that applies it, where that is not its word."""
    roles: ClassVar[tuple[str, ...]] = ()
    """What its tensors are called behind its name, if it is a layer that has some: weight, bias, mean ..."""
    result_type: ClassVar[str] = ""
    """The pixel type of its pipeline's result where no other is asked for; empty for the input's own."""
    tools: ClassVar[bool] = False
    """Whether other tools have ways of their own to do it: `like` takes their names."""
    as_typed: ClassVar[dict[str, Any]] = {}
    """Fields as they were typed, where others stand for them in the text; an object may have its own."""
    keeps_bounds: ClassVar[bool] = False
    """Whether results stay within whatever bounds the values had."""

    def __post_init__(self) -> None:
        for option in self.options():
            value = getattr(self, option.name)
            if value is not None or option.default is not None:
                object.__setattr__(self, option.name, option.kind.read(value))

    @classmethod
    def unnamed(cls, words: Sequence[str], preset: Collection[str] = ()) -> dict[str, str] | None:
        """The fields that values without names set, as texts, where some are already set; None where it takes none.

        Raises UsageError for what can be read in two ways.
        """
        return None

    @classmethod
    def like(cls, tool: str, stated: dict[str, Any]) -> dict[str, Any]:
        """The fields of the operation as another tool has them, with those that are stated.

        Raises UsageError where the tool has nothing like it.
        """
        return stated

    @classmethod
    def options(cls) -> tuple[Option, ...]:
        """The declared fields, in order."""
        return _options(cls)

    @property
    def declared(self) -> Operation:
        """The step as a pipeline's text has it."""
        return self

    @property
    def label(self) -> str:
        """What it adds to a derived file name: `scan-vertical.jpg`."""
        return self.word

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to say about the step whatever the image: right as it stands, but perhaps not what was meant."""
        return ()

    @property
    def bounds(self) -> str:
        """`0…1` or the like where no result can leave so small a range, else an empty text."""
        return ""

    @property
    def scratch(self) -> int:
        """Numbers of 8 bytes that computing it takes for each value of its result, beside input and result."""
        return 0

    @abstractmethod
    def shape(self, height: int, width: int) -> tuple[int, int]:
        """The result's height and width, predicted; WindowError where no window fits."""

    def channels(self, count: int) -> int:
        """The result's channels, predicted."""
        return count

    def result(self, shape: Shape) -> Shape:
        """The shape of the result for values (H, W, C) of a shape, predicted; WindowError where no window fits."""
        height, width, channels = shape
        return (*self.shape(height, width), self.channels(channels))

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        """The number of rows and columns at the end that no window covers."""
        return 0, 0

    def for_alpha(self) -> Operation | None:
        """The step for alpha where colours multiplied by it go through this one; None where alpha stays."""
        return self
