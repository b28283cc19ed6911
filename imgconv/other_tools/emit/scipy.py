"""Programs for SciPy."""

from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.opencv import HELPERS as OPENCV
from imgconv.other_tools.emit.python import python_program

IMPORTS = ("from scipy import ndimage",)
SPREAD = OPENCV["_valid"].split("\n\n\ndef valid", maxsplit=1)[0] + "\n"
HELPERS = {
    "_valid": SPREAD
    + '''

def valid(made, sides, stride):
    """Results whose windows lie in the image."""
    rows, columns = (
        slice(k // 2, n - k + 1 + k // 2, s) for k, n, s in zip(sides, made.shape, stride)
    )
    return made[rows, columns]
''',
    "correlate": """
def correlate(x, weights, stride, dilation):
    wide = spread(weights, dilation)
    return valid(ndimage.correlate(x, wide[..., None], mode="constant"), wide.shape, stride)
""",
    "maximum": """
def maximum(x, size, stride, dilation):
    footprint = spread(np.ones(size), dilation) > 0
    return valid(ndimage.maximum_filter(x, footprint=footprint[..., None], mode="nearest"), footprint.shape, stride)
""",
}


def program(pipeline: Pipeline) -> str:
    return python_program("scipy", pipeline, IMPORTS, HELPERS)
