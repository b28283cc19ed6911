import sys

import numpy as np
from numba import njit, prange
from PIL import Image


@njit(parallel=True, cache=True)
def correlate(pixels, kernel):
    height, width, channels = pixels.shape
    result = np.empty_like(pixels)
    for y in prange(height):
        for x in range(width):
            for c in range(channels):
                total = 0
                for i in range(3):
                    for j in range(3):
                        total += (
                            kernel[i, j]
                            * pixels[min(max(y + i - 1, 0), height - 1), min(max(x + j - 1, 0), width - 1), c]
                        )
                result[y, x, c] = min(max(total, 0), 255)
    return result


pixels = np.asarray(Image.open(sys.argv[1]).convert("RGB")).copy()
options = {"quality": 92, "subsampling": 0} if sys.argv[2].endswith("jpg") else {}
Image.fromarray(correlate(pixels, np.array([[-1, 0, 1]] * 3))).save(sys.argv[2], **options)
