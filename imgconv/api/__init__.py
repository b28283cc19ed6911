"""The library's verbs on arrays. Arrays have no alpha: every channel is treated alike."""

from imgconv.api.edge_detection import directions as directions
from imgconv.api.edge_detection import edges as edges
from imgconv.api.filters import bank as bank
from imgconv.api.filters import convolve as convolve
from imgconv.api.filters import correlate as correlate
from imgconv.api.steps import activate as activate
from imgconv.api.steps import pool as pool
from imgconv.api.steps import run as run
