"""What applies a step: one module for each operation, all of one form."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.operations import Operation
    from imgconv.values.pixel_values import Pixels, Response, Target, Values

    Result = tuple[Values, Response | None]
    WeightedResult = tuple[WeightedColours, Response | None]


class Application(Protocol):
    """The functions that the module of each operation has; one that declares auxiliary outputs has `auxiliary` too,
    and one whose calls are prepared (`api.prepared`) has `work_of`."""

    def apply(
        self, step: Any, values: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
    ) -> Result:
        """The operation on values: converted to `target` (into `out`), or left wide where that is None."""

    def apply_weighted(
        self, step: Any, colours: WeightedColours, target: Target | None, threads: int | None = None
    ) -> WeightedResult:
        """The operation on colours weighted by alpha, and on alpha; the colours are converted if there is a target."""

    def apply_alpha(self, step: Any, alpha: Pixels, threads: int | None = None) -> Pixels:
        """What becomes of alpha (H, W) where colours are treated as if there were none."""


def application(step: Operation) -> Application:
    """What applies a step: the module here that has the operation's word as its name, or the one of all layers."""
    return cast("Application", import_module(f"imgconv.api.apply.{step.applied_in or step.word}"))
