"""The other tools whose ways have a name."""

from __future__ import annotations

from imgconv.values.parameters import choice

TOOLS = ("torch", "keras", "onnx", "opencv", "scipy", "skimage", "imagemagick", "vips", "pillow", "ffmpeg")
TOOL = choice(
    "tool",
    TOOLS,
    {
        "pytorch": "torch",
        "cv2": "opencv",
        "ndimage": "scipy",
        "scikit-image": "skimage",
        "magick": "imagemagick",
        "im": "imagemagick",
        "libvips": "vips",
        "pil": "pillow",
        "tensorflow": "keras",
        "onnxruntime": "onnx",
    },
)
