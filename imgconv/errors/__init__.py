"""Every error imgconv raises: its class, its exit code and its sentence, by subject.

A sentence says what was expected, what came and what to try. Code elsewhere
writes `raise errors.unknown(...)`; no sentence is composed outside this package.
"""

from imgconv.errors.base import *
from imgconv.errors.colours import *
from imgconv.errors.files import *
from imgconv.errors.kernels import *
from imgconv.errors.machine import *
from imgconv.errors.pipelines import *
from imgconv.errors.pixels import *
from imgconv.errors.several import *
from imgconv.errors.streams import *
from imgconv.errors.words import *
