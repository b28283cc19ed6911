"""OpenCV over many files, in so many threads of one process: opencv_batch.py THREADS OUT FILE..."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

cv2.setNumThreads(1)
KERNEL = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], "float32")
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 92, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


def sharpen(path: str) -> None:
    result = cv2.filter2D(cv2.imread(path, cv2.IMREAD_UNCHANGED), -1, KERNEL, borderType=cv2.BORDER_REPLICATE)
    cv2.imwrite(str(Path(sys.argv[2], Path(path).name)), result, JPEG if path.endswith("jpg") else [])


with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    list(pool.map(sharpen, sys.argv[3:]))
