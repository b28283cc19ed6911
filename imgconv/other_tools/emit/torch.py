"""Programs for PyTorch."""

from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.python import python_program

IMPORTS = ("import torch", "import torch.nn.functional as F")
HELPERS = {
    "_tensor": '''
def tensor(x):
    """(H, W, C) as (C, 1, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[:, None]
''',
    "correlate": """
def correlate(x, weights, stride, dilation):
    weights = torch.tensor(weights, dtype=torch.float64)[None, None]
    return F.conv2d(tensor(x), weights, stride=stride, dilation=dilation)[:, 0].numpy().transpose(1, 2, 0)
""",
    "maximum": """
def maximum(x, size, stride, dilation):
    return F.max_pool2d(tensor(x), size, stride, dilation=dilation)[:, 0].numpy().transpose(1, 2, 0)
""",
}


def program(pipeline: Pipeline) -> str:
    return python_program("torch", pipeline, IMPORTS, HELPERS)
