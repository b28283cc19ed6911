"""Programs and commands of other tools that do what a pipeline does.

A new tool is one module here with `program(pipeline)`, named in MODULES. Tools that are used from Python share
`python.py`: each declares its imports and its helpers `correlate` and `maximum`. Commands are in `imagemagick` and
`vips`. A new operation is one row of `STEPS` in `python.py`, and of the tables of
the commands that can say it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from imgconv.operations.pipeline import pipeline as as_pipeline
from imgconv.values.parameters import choice

MODULES = ("torch", "keras", "opencv", "scipy", "skimage", "imagemagick", "vips", "pillow", "onnx")
TOOL = choice(
    "tool", MODULES, {"pytorch": "torch", "cv2": "opencv", "scikit-image": "skimage", "magick": "imagemagick"}
)


def emit(tool: str, pipeline: Any) -> str:
    """The program, or command, with which another tool does what a pipeline does: flip, border, rounding and clamping
    included.

    Parameters
    ----------
    tool : str
        One of MODULES.
    pipeline : str, Pipeline or operation
        Of filters, pools and activations.

    Returns
    -------
    str
        Text of a Python program, or of a shell script.

    Raises
    ------
    UsageError
        For a step that cannot be said there.
    """
    text: str = import_module(f"{__name__}.{TOOL.read(tool)}").program(as_pipeline(pipeline))
    return text
