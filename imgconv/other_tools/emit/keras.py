"""Programs for Keras, on any backend."""

from typing import Any

from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.python import python_program
from imgconv.other_tools.emit.steps import refused

IMPORTS = ("import keras",)
HELPERS = {
    "_pictures": '''
def pictures(x):
    """(H, W, C) as (C, H, W, 1)."""
    return keras.ops.convert_to_tensor(x.transpose(2, 0, 1)[..., None], dtype="float64")


def values(made):
    return np.asarray(keras.ops.convert_to_numpy(made))[..., 0].transpose(1, 2, 0)
''',
    "correlate": """
def correlate(x, weights, stride, dilation):
    weights = keras.ops.convert_to_tensor(np.array(weights)[..., None, None], dtype="float64")
    rate = {"dilation_rate": dilation, "data_format": "channels_last"}
    return values(keras.ops.conv(pictures(x), weights, stride, "valid", **rate))
""",
    "maximum": """
def maximum(x, size, stride, dilation):
    return values(keras.ops.max_pool(pictures(x), size, stride, "valid", data_format="channels_last"))
""",
}


def program(pipeline: Pipeline) -> str:
    for step in pipeline.steps:
        dilation: Any = getattr(step, "dilation", (1, 1))
        stride: Any = getattr(step, "stride", None) or (1, 1)
        if dilation != (1, 1) and (step.word == "pool" or stride != (1, 1)):
            raise refused(step, "keras", "it dilates neither pools nor what has a stride")
    return python_program("keras", pipeline, IMPORTS, HELPERS)
