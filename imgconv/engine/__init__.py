"""correlate, combine, repeat, pool, activate and settle on arrays: bands, borders, plan."""

from imgconv.engine.activate import activate as activate
from imgconv.engine.alpha import follow as follow
from imgconv.engine.combine import combine as combine
from imgconv.engine.correlate import correlate as correlate
from imgconv.engine.pool import pool as pool
from imgconv.engine.repeat import repeat as repeat
from imgconv.engine.settle import extremes as extremes
from imgconv.engine.settle import settle as settle
