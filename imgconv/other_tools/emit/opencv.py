"""Programs for OpenCV from Python."""

from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.python import python_program

IMPORTS = ("import cv2",)
HELPERS = {
    "_valid": '''
def spread(weights, dilation):
    """The weights with zeros between them."""
    weights = np.array(weights, dtype="float64")
    sides = [d * (k - 1) + 1 for k, d in zip(weights.shape, dilation)]
    wide = np.zeros(sides, weights.dtype)
    wide[:: dilation[0], :: dilation[1]] = weights
    return wide


def valid(made, x, sides, stride):
    """Results whose windows lie in the image; OpenCV drops a single channel."""
    made = made.reshape(x.shape)
    return made[: x.shape[0] - sides[0] + 1 : stride[0], : x.shape[1] - sides[1] + 1 : stride[1]]
''',
    "correlate": """
def correlate(x, weights, stride, dilation):
    wide = spread(weights, dilation)
    return valid(cv2.filter2D(x, cv2.CV_64F, wide, anchor=(0, 0)), x, wide.shape, stride)
""",
    "maximum": """
def maximum(x, size, stride, dilation):
    element = spread(np.ones(size), dilation).astype("uint8")
    return valid(cv2.dilate(x, element, anchor=(0, 0)), x, element.shape, stride)
""",
}


def program(pipeline: Pipeline) -> str:
    return python_program("opencv", pipeline, IMPORTS, HELPERS)
