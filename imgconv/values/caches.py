"""Caches of recent results: many for small kernels, few for large ones, which take memory, none for the largest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
_SMALL, _LARGE = 4096, 65536  # cells at most: a cell takes some 50 bytes
_FEW = 4


def cached_by_size(count: int, weights: Callable[[Any], Sequence[Sequence[Any]]]) -> Callable[[Function], Function]:
    """A decorator that caches the last `count` results where the `weights` of the first argument are a few thousand at
    most, and fewer where they are more."""

    def decorate(function: Function) -> Function:
        many, few = lru_cache(maxsize=count)(function), lru_cache(maxsize=_FEW)(function)

        @wraps(function)
        def call(first: Any, *others: Any) -> Any:
            rows = weights(first)
            cells = len(rows) * len(rows[0])
            return (many if cells <= _SMALL else few if cells <= _LARGE else function)(first, *others)

        return call  # type: ignore[return-value]

    return decorate
