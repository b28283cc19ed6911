"""correlate, combine, repeat, pool, activate and settle on arrays: bands, borders, plan."""

from imgconv.engine.activate import activate as activate
from imgconv.engine.alpha import follow as follow
from imgconv.engine.alpha import opaque_of as opaque_of
from imgconv.engine.combine import combine as combine
from imgconv.engine.correlate import FUSED as FUSED
from imgconv.engine.correlate import correlate as correlate
from imgconv.engine.covered import Covered as Covered
from imgconv.engine.covered import divided as divided
from imgconv.engine.covered import filter_covered as filter_covered
from imgconv.engine.covered import multiplied as multiplied
from imgconv.engine.covered_combine import combine_covered as combine_covered
from imgconv.engine.covered_combine import repeat_covered as repeat_covered
from imgconv.engine.covered_pool import pool_covered as pool_covered
from imgconv.engine.edges import angle as angle
from imgconv.engine.edges import angle_bytes as angle_bytes
from imgconv.engine.edges import canny as canny
from imgconv.engine.edges import hue as hue
from imgconv.engine.edges import looked_up as looked_up
from imgconv.engine.edges import share as share
from imgconv.engine.edges import strongest as strongest
from imgconv.engine.edges import winner as winner
from imgconv.engine.pool import pool as pool
from imgconv.engine.repeat import repeat as repeat
from imgconv.engine.settle import extremes as extremes
from imgconv.engine.settle import settle as settle
