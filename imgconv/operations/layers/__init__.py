"""The layers of networks, each declared once: words of a pipeline, and no commands of their own.

A new layer is one class, its row here, and what computes it in `api/apply/layers.py`.
"""

from imgconv.operations.layers.base import Layer as Layer
from imgconv.operations.layers.conv import Conv as Conv
from imgconv.operations.layers.dense import Dense as Dense
from imgconv.operations.layers.dense import Flatten as Flatten
from imgconv.operations.layers.normalising import BatchNorm as BatchNorm
from imgconv.operations.layers.normalising import LocalResponse as LocalResponse
from imgconv.operations.layers.normalising import Normalize as Normalize
from imgconv.operations.layers.others import Dropout as Dropout
from imgconv.operations.layers.others import Padding as Padding
from imgconv.operations.layers.others import PRelu as PRelu
from imgconv.operations.layers.others import Softmax as Softmax

LAYERS: tuple[type[Layer], ...] = (
    Conv,
    Dense,
    Flatten,
    BatchNorm,
    Normalize,
    LocalResponse,
    PRelu,
    Softmax,
    Dropout,
    Padding,
)
