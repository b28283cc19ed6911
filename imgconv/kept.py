"""Results of recent calls, kept; but not those of large kernels, which would hold their memory for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
_MOST_CELLS = 4096


def kept(count: int, weights: Callable[[Any], Sequence[Sequence[Any]]]) -> Callable[[Function], Function]:
    """A decorator: the last `count` results are kept where `weights` of the first argument are no more than some thousands."""

    def decorate(function: Function) -> Function:
        keeping = lru_cache(maxsize=count)(function)

        @wraps(function)
        def call(first: Any, *others: Any) -> Any:
            rows = weights(first)
            return (keeping if len(rows) * len(rows[0]) <= _MOST_CELLS else function)(first, *others)

        return call  # type: ignore[return-value]

    return decorate
