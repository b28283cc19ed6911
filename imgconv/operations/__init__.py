"""The operations, each declared once; what applies them is in `imgconv.api`.

A new one is one class in a module of its own and its row of HOMES. A class is loaded when it is first named, because a
command needs one of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgconv.operations.base import Operation as Operation
from imgconv.operations.base import Option as Option

if TYPE_CHECKING:
    from imgconv.operations.activate import Activate as Activate
    from imgconv.operations.bank import Bank as Bank
    from imgconv.operations.edges import Edges as Edges
    from imgconv.operations.filter import Filter as Filter
    from imgconv.operations.pool import Pool as Pool

    OPERATIONS: tuple[type[Operation], ...]

HOMES = {"filter": "Filter", "edges": "Edges", "bank": "Bank", "pool": "Pool", "activate": "Activate"}
"""The class of each operation by its word, which is the name of its module too."""


def operation(word: str) -> type[Operation]:
    """The class of the operation with this word."""
    class_: type[Operation] = getattr(import_module(f"imgconv.operations.{word}"), HOMES[word])
    return class_


def __getattr__(name: str) -> Any:
    if name == "OPERATIONS":
        return tuple(map(operation, HOMES))
    for word, class_ in HOMES.items():
        if class_ == name:
            return operation(word)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
