"""All tests share one cache of machine code, in the checkout and not in anybody's home.

A checkout in a folder that others could change is not trusted: then the cache is a closed folder among temporary files.
"""

import os
import tempfile
from pathlib import Path

from imgconv.jit import trust

ROOT = Path(__file__).parent.parent
LOOPS = str(ROOT / ".loops")
if trust.fault(LOOPS, make=0o700):
    LOOPS = os.path.join(tempfile.gettempdir(), f"imgconv-tests-{os.getuid() if hasattr(os, 'getuid') else 0}")
os.environ.setdefault("IMGCONV_CACHE_DIR", LOOPS)
