"""What an operation is: a small frozen value whose fields know how to be parsed, printed and explained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from imgconv.values.frozen import MISSING, field, fields, record, replace
from imgconv.values.parameters import Kind

if TYPE_CHECKING:
    from imgconv.engine import Covered
    from imgconv.values.pixel_values import Pixels, Response, Target, Values
    from imgconv.values.span import Span


def option(kind: Kind, help_: str, default: Any = MISSING, *, argument: bool = False, show: str = "") -> Any:
    """Declares a field: its kind, its help sentence, its default; an `argument` is written without its name.

    `show` is the default as help prints it where the value itself would not say it.
    """
    metadata = {"kind": kind, "help": help_, "argument": argument, "show": show}
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
    argument: bool
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
class Side:
    """Another picture that an operation can make of the same image, beside its result: `--name FILE` of its command."""

    name: str
    help: str


@record
class Foretold:
    """What is known of values before there are any: shape (H, W, C), type and span."""

    height: int
    width: int
    channels: int
    type: str
    span: Span


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
    examples: ClassVar[tuple[str, ...]]
    """Commands that help shows first."""
    short_words: ClassVar[dict[str, dict[str, Any]]] = {}
    """Other words of a pipeline: the fields they set. Their one value is `short_argument`."""
    short_argument: ClassVar[str] = ""
    sees_all: ClassVar[str] = ""
    """What makes its windows see the last rows and columns too, in words; where `unseen` can tell of some."""
    sides: ClassVar[tuple[Side, ...]] = ()
    """What else its command can write; no part of the value, so no pipeline text has it."""
    keeps_bounds: ClassVar[bool] = False
    """Whether results stay within whatever bounds the values had."""

    def __post_init__(self) -> None:
        for given in self.options():
            value = getattr(self, given.name)
            if value is not None or given.default is not None:
                object.__setattr__(self, given.name, given.kind.read(value))

    @classmethod
    def options(cls) -> tuple[Option, ...]:
        """The declared fields, in order."""
        return _options(cls)

    @property
    def label(self) -> str:
        """What it adds to a derived file name: `scan-vertical.jpg`."""
        return self.word

    @property
    def bounds(self) -> str:
        """`0…1` or the like where no result can leave so small a range, else an empty text."""
        return ""

    @property
    def held(self) -> int:
        """Numbers of 8 bytes that it holds for each value of its result meanwhile, beside what it reads and makes."""
        return 0

    @abstractmethod
    def shape(self, height: int, width: int) -> tuple[int, int]:
        """The result's height and width, foretold; WindowError where no window fits."""

    def channels(self, count: int) -> int:
        """The result's channels, foretold."""
        return count

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns at the end that no window sees."""
        return 0, 0

    @abstractmethod
    def explain(self, given: Foretold, result: str) -> tuple[str, Foretold]:
        """How it would be computed on such values, in words, and what would come out: `result` is a pixel type, or
        "wide" between steps."""

    @abstractmethod
    def apply(
        self, given: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
    ) -> tuple[Values, Response | None]:
        """The operation on values: settled into `target` (and `out`), or kept wide where that is None."""

    def side(self, name: str, given: Values, threads: int | None = None, *, floats: bool = True) -> Pixels:
        """One of `sides` of such values, (H, W) or (H, W, 3); of 8 bits where there is no place for `floats`."""
        raise NotImplementedError(name)

    def apply_then(
        self,
        following: Operation,
        given: Values,
        target: Target | None,
        threads: int | None = None,
        out: Pixels | None = None,
    ) -> tuple[Values, Response | None] | None:
        """This operation and the one behind it in one walk over memory, with the same result; None where there is no
        such walk."""
        return None

    @abstractmethod
    def apply_alpha(self, alpha: Pixels, threads: int | None = None) -> Pixels:
        """What happens to an image's alpha (H, W) meanwhile."""

    def for_alpha(self) -> Operation | None:
        """The step that alpha takes where it goes through a pipeline beside colours it was multiplied into; None where
        it takes none."""
        return self

    def apply_covered(
        self, given: Covered, target: Target | None, threads: int | None = None
    ) -> tuple[Covered, Response | None]:
        """The operation on colours that alpha covers, both wide unless there is a target.

        Here colours as ever, and alpha as `apply_alpha` has it; an operation that mixes neighbours weighs them by alpha
        instead.
        """
        from imgconv.values.pixel_values import Values

        colour, response = self.apply(given.colour, target, threads)
        alpha = self.apply_alpha(given.alpha.pixels[..., 0], threads)
        return replace(given, colour=colour, alpha=Values(alpha.reshape(*alpha.shape, 1), given.alpha.span)), response
