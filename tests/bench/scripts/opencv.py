import sys

import cv2
import numpy as np

KERNEL = np.array([[-1, 0, 1]] * 3, "float32")
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 92, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
result = cv2.filter2D(cv2.imread(sys.argv[1]), -1, KERNEL, borderType=cv2.BORDER_REPLICATE)
cv2.imwrite(sys.argv[2], result, JPEG if sys.argv[2].endswith("jpg") else [])
