import sys

from PIL import Image, ImageFilter

options = {"quality": 92, "subsampling": 0} if sys.argv[2].endswith("jpg") else {}
Image.open(sys.argv[1]).filter(ImageFilter.Kernel((3, 3), [-1, 0, 1] * 3, scale=1)).save(sys.argv[2], **options)
