"""All tests share one cache of machine code, in the checkout and not in anybody's home."""

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
os.environ.setdefault("IMGCONV_CACHE_DIR", str(ROOT / ".loops"))
