import sys

from PIL import Image

Image.open(sys.argv[1]).save(sys.argv[2], **({"quality": 92, "subsampling": 0} if sys.argv[2].endswith("jpg") else {}))
