"""The kernel lab: what a kernel does, before any picture is filtered.

Every function takes what names a kernel (a Kernel, `"gaussian:1.5"`, rows of numbers) and gives values; `imgconv
kernels` prints them.
"""

from __future__ import annotations

from imgconv.kernels.lab.algebra import Difference as Difference
from imgconv.kernels.lab.algebra import compose as compose
from imgconv.kernels.lab.algebra import difference as difference
from imgconv.kernels.lab.factors import split as split
from imgconv.kernels.lab.facts import Facts as Facts
from imgconv.kernels.lab.facts import facts as facts
from imgconv.kernels.lab.plot import plot as plot
from imgconv.kernels.lab.sheet import sheet as sheet
from imgconv.kernels.lab.spectrum import spectrum as spectrum
