"""Any bytes as a kernel, in every dialect: `target` returns, or raises what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from imgconv import errors
from imgconv.kernels import lab
from imgconv.kernels.catalog import KERNEL, read_all
from imgconv.kernels.dialects import table
from imgconv.kernels.dialects.base import KernelText
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.lab import facts
from imgconv.planner import Span, Task, plan

EIGHT_BITS = Task("uint8", Span(0, 255, True), None, "uint8", (1, 1), (1, 1), line=600, spacing=3)
LOSSLESS = ("rows", "json", "python")
LONGEST_SENTENCE, LONGEST_SECONDS = 400, 2.0
PREFIXES = ("", *(f"{name}:" for name in table.DIALECTS))
TOKENS = (
    "1",
    "-1",
    "0",
    "2.5",
    "1/9",
    "1e-3",
    "nan",
    "-",
    ".",
    "inf",
    "1e999",
    "0x1p-3",
    "\N{MINUS SIGN}1",
    "1,000",
    "0,5",
    "'",
    '"',
    " ",
    "  ",
    ",",
    ";",
    ":",
    "\n",
    "\t",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "@",
    "^",
    "/",
    "|",
    "=",
    "#",
    "*",
    "3x3:",
    "3x3+1+1:",
    "Sobel",
    "Kirsch:@",
    "Laplacian:15",
    "Gaussian:0x1",
    "-define",
    "convolve:scale=",
    "50%!,100%",
    "-morphology",
    "Convolve",
    "Correlate",
    "-bias",
    "0m=",
    "0rdiv=",
    "0bias=",
    "0mode=row",
    "convolution=",
    "order=",
    "kernelMatrix=",
    "divisor=",
    "targetX=",
    "<feConvolveMatrix ",
    "/>",
    '"kernel":',
    '"width":',
    '"scale":',
    "scale=",
    "anchor=",
    "offset=",
    "-matrix=",
    "-normalize",
    "P2",
    "3 3",
    "3 3 9",
    "1 2 1",
    "-1,0,1",
    "[0]",
    "[0..1]",
    "convolve",
    "sep=;",
    "\N{NO-BREAK SPACE}",
    "\0",
    "\N{GREEK SMALL LETTER ALPHA}",
    "9" * 308,
    "1/" + "7" * 300,
    "3/" + "1" * 40,
    "1e-300",
    "1e308",
    "0x1p-1074",
    "0x1.8p1023",
    "9" * 5000,
    "1e999999",
    "1*",
    "1e200*",
    "." + "1" * 300,
    "Gaussian:40x20;",
    "Binomial:40",
    "1 " * 70_000,
    "\n" * 70_000,
    ";" * 70_000,
    "(1)" * 2000,
    "2048x2048: 1",
    "999999999",
)
"""What dialects are made of, for texts that are nearly right."""


def target(data: bytes) -> None:
    """The bytes as a KERNEL and as a text of every dialect: a few kernels or a sentence, each in its time.

    Raises
    ------
    AssertionError, or whatever a defect leads to.
    """
    text = data.decode("utf-8", "replace")
    for prefix in PREFIXES:
        begun = time.process_time()
        found = made_or_refused(read_all, prefix + text)
        assert found is None or (found and all(isinstance(kernel, Kernel) for kernel in found))
        for kernel in (found or ())[:2]:
            rewritten(kernel)
        assert time.process_time() - begun < LONGEST_SECONDS, f"{prefix}{text[:80]!r}"
    for row in table.DIALECTS.values():
        if row.read is not None:
            made_or_refused(row.read, KernelText(text))


def rewritten(kernel: Kernel) -> None:
    """A kernel that was read can be written in every dialect, or is refused there; what is lossless gives it back."""
    looked_at(kernel)
    for row in table.DIALECTS.values():
        if row.write is None:
            continue
        written = made_or_refused(row.write, kernel)
        assert written is not None or row.name not in LOSSLESS
        if written is not None and row.read is not None and row.name in LOSSLESS:
            assert row.read(KernelText(str(written.content))) == (kernel,), row.name


def looked_at(kernel: Kernel) -> None:
    """What any kernel can be asked, it can answer, however large its numbers are."""
    plan(kernel, EIGHT_BITS)
    made_or_refused(compose, (kernel, "1/3 1/7;2 1e-9"))
    made_or_refused(difference, (kernel, "sobel-x"))
    assert facts(kernel).response is not None
    assert print_text(kernel)


def compose(kernels: tuple[Kernel, str]) -> Kernel:
    return lab.compose(*kernels)


def difference(kernels: tuple[Kernel, str]) -> lab.Difference:
    return lab.difference(*kernels)


def print_text(kernel: Kernel) -> str:
    """What a pipeline would call it, which gives its weights back."""
    text = KERNEL.text(kernel)
    assert KERNEL.read(text).weights == kernel.weights
    return text


def made_or_refused(call: Callable[[Any], Any], given: Any) -> Any:
    """What a call makes, or None where it refuses in a sentence of reasonable length."""
    try:
        return call(given)
    except errors.UsageError as error:
        said = str(error)
    assert 10 < len(said) <= LONGEST_SENTENCE, said
    return None
