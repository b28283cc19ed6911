"""Records: frozen values, declared as dataclasses are, but made without generating code.

`dataclasses` writes and compiles the methods of each class, half a millisecond apiece; imgconv has dozens of
classes, and a command should start in the time that takes. These methods are ordinary functions over a table of fields.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING", "__slots__": ()})()
"""Stands where there is no default."""


class Field:
    """One field: its name, its default or what makes one, whether equality compares it, and its metadata."""

    __slots__ = ("compare", "default", "default_factory", "metadata", "name")

    def __init__(
        self,
        name: str = "",
        default: Any = MISSING,
        default_factory: Any = MISSING,
        compare: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self.name, self.default, self.default_factory = name, default, default_factory
        self.compare, self.metadata = compare, metadata or {}


def field(
    *,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    compare: bool = True,
    metadata: dict[str, Any] | None = None,
) -> Any:
    """Declares a field that needs more than a default."""
    return Field("", default, default_factory, compare, metadata)


def is_record(value: object) -> bool:
    """Whether a value is an instance of a record's class."""
    return hasattr(type(value), "_record_names")


def fields(record: Any) -> tuple[Field, ...]:
    """The fields of a record or its class, in order, those of its bases first."""
    declared: dict[str, Any] = record._record_declared
    return tuple(one if isinstance(one, Field) else Field(name, one) for name, one in declared.items())


def replace(record: T, **changes: Any) -> T:
    """The same record with other values in some fields; checked as a new one is."""
    own = record.__dict__
    return type(record)(**({name: own[name] for name in record._record_names} | changes))  # type: ignore[attr-defined]


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, eq: bool = True, frozen: bool = True) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: Any = None, /, *, eq: bool = True, frozen: bool = True) -> Any:
    """Makes a class of annotated fields a record: frozen unless told otherwise, and equal by its fields unless `eq` is
    False."""
    if cls is None:
        return lambda cls: _as_record(cls, eq, frozen)
    return _as_record(cls, eq, frozen)


def _as_record(cls: type[T], eq: bool, frozen: bool) -> type[T]:
    """The class with the methods of a record. Loops are written out: this runs for every class at each start."""
    declared: dict[str, Any] = {}  # the default or the Field of each name
    for base in reversed(cls.__mro__[1:]):
        declared |= base.__dict__.get("_record_own", {})
    own: dict[str, Any] = {}
    for name, annotation in cls.__annotations__.items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        default = own[name] = cls.__dict__.get(name, MISSING)
        if isinstance(default, Field):
            default.name = name
            if default.default is MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, default.default)
    declared |= own
    defaults, compared = {}, []
    for name, default in declared.items():
        detailed = isinstance(default, Field)
        if not detailed or default.compare:
            compared.append(name)
        if (value := default.default if detailed else default) is not MISSING:
            defaults[name] = value
    methods: dict[str, Any] = {
        "_record_own": own,
        "_record_declared": declared,
        "_record_names": tuple(declared),
        "_record_known": frozenset(declared),
        "_record_defaults": defaults,
    }
    methods |= {"__init__": _init, "__repr__": _repr, "__signature__": _Signature()}
    if eq:
        methods["_record_compared"] = attrgetter(*compared) if compared else _nothing
        methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
    if frozen:
        methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
    for name, method in methods.items():
        if (
            name.startswith("_record")
            or name not in cls.__dict__
            or (name == "__hash__" and cls.__dict__[name] is None)
        ):
            setattr(cls, name, method)
    return cls


def _init(self: Any, *arguments: Any, **named: Any) -> None:
    names, values = self._record_names, self.__dict__
    values.update(self._record_defaults)
    values.update(zip(names, arguments, strict=False))
    values.update(named)
    if (
        len(values) != len(names)
        or len(arguments) > len(names)
        or not named.keys() <= self._record_known
        or (arguments and not named.keys().isdisjoint(names[: len(arguments)]))
    ):
        _complete(self, arguments, named)
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _complete(self: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """What is rarer: defaults that are made for each record, and whatever is wrong."""
    names, values, kind = self._record_names, self.__dict__, type(self).__name__
    if len(arguments) > len(names):
        raise TypeError(f"{kind} takes {len(names)} values, not {len(arguments)}")
    for name in named:
        if name not in names:
            raise TypeError(f"{kind} has no field {name!r}")
        if name in names[: len(arguments)]:
            raise TypeError(f"{kind} has two values for {name!r}")
    for one in fields(self):
        if one.name not in values:
            if one.default_factory is MISSING:
                raise TypeError(f"{kind} needs a value for {one.name!r}")
            values[one.name] = one.default_factory()


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._record_names)
    return f"{type(self).__qualname__}({shown})"


def _nothing(record: Any) -> None:
    """What records without fields are compared by."""


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    compared = self.__class__._record_compared
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash(type(self)._record_compared(self))


def _refuse(self: Any, name: str, *_: Any) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be changed (make another, with replace)")


class _Signature:
    """The signature of a record's class for `inspect.signature` and help(), computed on demand."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        from inspect import Parameter, Signature

        if instance is not None:
            raise AttributeError("__signature__")
        kind = Parameter.POSITIONAL_OR_KEYWORD

        def default(one: Field) -> Any:
            return Parameter.empty if one.default is MISSING and one.default_factory is MISSING else one.default

        annotations = {
            name: kind
            for base in reversed(owner.__mro__[:-1])
            for name, kind in getattr(base, "__annotations__", {}).items()
        }
        return Signature(
            [Parameter(one.name, kind, default=default(one), annotation=annotations[one.name]) for one in fields(owner)]
        )
