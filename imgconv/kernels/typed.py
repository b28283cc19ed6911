"""What was typed for kernels that were read from files, which plans show."""

from __future__ import annotations

from copy import copy

from imgconv.kernels.kernel import Kernel


def typed(kernel: Kernel) -> str:
    """What was typed for a kernel; empty for one that is of no file, or was computed of such a one."""
    return str(vars(kernel).get("typed", ""))


def typed_as(kernel: Kernel, text: str) -> Kernel:
    """The same kernel, which a file gave that was named so; it is equal to others with its numbers."""
    same = copy(kernel)
    object.__setattr__(same, "typed", text)
    return same
