"""Programs for scikit-image."""

from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.python import python_program
from imgconv.other_tools.emit.scipy import SPREAD

IMPORTS = ("from skimage.filters import correlate_sparse", "from skimage.util import view_as_windows")
HELPERS = {
    "_spread": SPREAD,
    "correlate": """
def correlate(x, weights, stride, dilation):
    wide = spread(weights, dilation)
    more = [(0, 1 - side % 2) for side in wide.shape]  # correlate_sparse takes odd sizes only
    wide, x = np.pad(wide, more), np.pad(x, (*more, (0, 0)))
    planes = [correlate_sparse(x[..., channel], wide, mode="valid") for channel in range(x.shape[2])]
    return np.stack(planes, axis=2)[:: stride[0], :: stride[1]]
""",
    "maximum": """
def maximum(x, size, stride, dilation):
    reach = [d * (k - 1) + 1 for k, d in zip(size, dilation)]
    windows = view_as_windows(x, (*reach, 1), (*stride, 1))[..., :: dilation[0], :: dilation[1], 0]
    return windows.max(axis=(3, 4))
""",
}


def program(pipeline: Pipeline) -> str:
    return python_program("skimage", pipeline, IMPORTS, HELPERS)
