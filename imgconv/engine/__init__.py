"""correlate, combine, repeat, pool, activate and settle on arrays: bands, borders, plan.

What few runs need (alpha, edges) is loaded when it is first named.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgconv.engine.activate import activate as activate
from imgconv.engine.colour.followed_alpha import follow as follow
from imgconv.engine.colour.followed_alpha import opaque_of as opaque_of
from imgconv.engine.filter.bank import stacked as stacked
from imgconv.engine.filter.bank import tiled as tiled
from imgconv.engine.filter.combine import combine as combine
from imgconv.engine.filter.correlate import FUSED as FUSED
from imgconv.engine.filter.correlate import correlate as correlate
from imgconv.engine.filter.correlate import task_of as task_of
from imgconv.engine.filter.repeat import repeat as repeat
from imgconv.engine.pooling.pool import pool as pool
from imgconv.engine.quantise import extremes as extremes
from imgconv.engine.quantise import settle as settle

if TYPE_CHECKING:
    from imgconv.engine.colour.weighted import Covered as Covered
    from imgconv.engine.colour.weighted import divided as divided
    from imgconv.engine.colour.weighted import filter_covered as filter_covered
    from imgconv.engine.colour.weighted import multiplied as multiplied
    from imgconv.engine.colour.weighted_combine import combine_covered as combine_covered
    from imgconv.engine.colour.weighted_pool import pool_covered as pool_covered
    from imgconv.engine.edges import angle as angle
    from imgconv.engine.edges import angle_bytes as angle_bytes
    from imgconv.engine.edges import canny as canny
    from imgconv.engine.edges import hue as hue
    from imgconv.engine.edges import looked_up as looked_up
    from imgconv.engine.edges import share as share
    from imgconv.engine.edges import strongest as strongest
    from imgconv.engine.edges import winner as winner

_LATER = {
    "Covered": "colour.weighted",
    "divided": "colour.weighted",
    "filter_covered": "colour.weighted",
    "multiplied": "colour.weighted",
    "combine_covered": "colour.weighted_combine",
    "pool_covered": "colour.weighted_pool",
    "angle": "edges",
    "angle_bytes": "edges",
    "canny": "edges",
    "hue": "edges",
    "looked_up": "edges",
    "share": "edges",
    "strongest": "edges",
    "winner": "edges",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"imgconv.engine.{_LATER[name]}"), name)
