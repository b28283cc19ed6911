"""Layers by their definitions, value by value, in float64. Written to be read; nothing is imported from imgconv."""

from __future__ import annotations

from typing import Any

import numpy as np


def conv(
    image: Any,
    weights: Any,
    bias: Any,
    *,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    pad: tuple[int, int, int, int] = (0, 0, 0, 0),
    groups: int = 1,
) -> Any:
    """A convolutional layer on (H, W, C), zeros beyond the edge; weights (rows, columns, inputs, filters)."""
    top, bottom, left, right = pad
    image = np.pad(np.asarray(image, "float64"), ((top, bottom), (left, right), (0, 0)))
    rows, columns, inputs, outputs = weights.shape
    high = (image.shape[0] - (dilation[0] * (rows - 1) + 1)) // stride[0] + 1
    wide = (image.shape[1] - (dilation[1] * (columns - 1) + 1)) // stride[1] + 1
    result = np.zeros((high, wide, outputs))
    for y in range(high):
        for x in range(wide):
            for output in range(outputs):
                first = output // (outputs // groups) * inputs
                total = 0.0 if bias is None else float(bias[output])
                for r in range(rows):
                    for c in range(columns):
                        pixel = image[y * stride[0] + r * dilation[0], x * stride[1] + c * dilation[1]]
                        total += float(pixel[first : first + inputs] @ weights[r, c, :, output].astype("float64"))
                result[y, x, output] = total
    return result


def softmax(values: Any) -> Any:
    exponentials = [np.exp(float(value)) for value in values]
    return [one / sum(exponentials) for one in exponentials]


def local_response(pixel: Any, size: int, alpha: float, beta: float, k: float) -> Any:
    """One pixel's channels: each over a power of its neighbours' squares (floor(size/2) before, the rest behind)."""
    result = []
    for channel, value in enumerate(pixel):
        low, high = max(0, channel - size // 2), min(len(pixel), channel + (size - 1) // 2 + 1)
        total = sum(float(one) ** 2 for one in pixel[low:high])
        result.append(float(value) / (k + alpha / size * total) ** beta)
    return result
