"""The operations, each declared once. A new one is one class and its row here."""

from imgconv.operations.activate import Activate as Activate
from imgconv.operations.bank import Bank as Bank
from imgconv.operations.base import Operation as Operation
from imgconv.operations.base import Option as Option
from imgconv.operations.edges import Edges as Edges
from imgconv.operations.filter import Filter as Filter
from imgconv.operations.pool import Pool as Pool

OPERATIONS: tuple[type[Operation], ...] = (Filter, Edges, Bank, Pool, Activate)
