"""The kernel lab: what a kernel does, before any picture is filtered.

Every function takes what names a kernel (a Kernel, `"gaussian:1.5"`, rows of numbers) and gives values; `imgconv kernels`
prints them.
"""

from __future__ import annotations

from imgconv.lab.algebra import Difference as Difference
from imgconv.lab.algebra import compose as compose
from imgconv.lab.algebra import difference as difference
from imgconv.lab.algebra import split as split
from imgconv.lab.facts import Facts as Facts
from imgconv.lab.facts import facts as facts
from imgconv.lab.plot import plot as plot
from imgconv.lab.sheet import sheet as sheet
from imgconv.lab.spectrum import spectrum as spectrum
