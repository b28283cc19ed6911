"""Python: the call that makes the kernel in a program."""

from __future__ import annotations

from fractions import Fraction

from imgconv.kernels.dialects.base import Dialect, Written
from imgconv.kernels.kernel import Kernel
from imgconv.values.numbers import Number


def write(kernel: Kernel) -> Written:
    """`imgconv.Kernel([[…]], divisor=…)`; fractions need `from fractions import Fraction`."""
    rows = ",\n                          ".join(f"[{', '.join(_text(cell) for cell in row)}]" for row in kernel.weights)
    stated = [f"divisor={_text(kernel.divisor)}"] * (kernel.divisor != 1) + [f"bias={_text(kernel.bias)}"] * (
        kernel.bias != 0
    )
    stated += [f"anchor={kernel.anchor}"] if kernel.anchor else []
    stated += [f"name={kernel.name!r}"] if kernel.name else []
    call = f"imgconv.Kernel({', '.join([f'[{rows}]', *stated])})"
    return Written(
        ("from fractions import Fraction\n" if "Fraction(" in call else "") + f"import imgconv\n\nkernel = {call}"
    )


def _text(value: Number) -> str:
    return repr(Fraction(value)) if isinstance(value, Fraction) else repr(value)


PYTHON = Dialect(
    "python", "the call that makes it in a program (written only)", "kernel = imgconv.Kernel([[-1, 0, 1]])", write=write
)
