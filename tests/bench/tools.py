"""The commands that are measured: one row of contestants each, and how they are found on this machine."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.results import OURS
from tests.programs import found

SCRIPTS = Path(__file__).parent / "scripts"
FLOOR = "Pillow decode + encode"
MASK = "3 3 1 0\n-1 0 1\n-1 0 1\n-1 0 1\n"  # for vips: width, height, divisor, offset
_ROWS = " ".join(["-1 0 1"] * 3)
_FFMPEG = f"format=gbrp,convolution={':'.join([_ROWS] * 4)}:1:1:1:1"


@dataclass(frozen=True)
class Tool:
    """A command with `{in}`, `{out}` and `{mask}` in its words. `programs`: any of them will do, and stands first.

    `modules` are needed by scripts. `options`: words after which `{out}` or by which it is followed, per suffix.
    `env` may hold `{fresh}`, a new empty folder for every run. `crop`: edge pixels where the border differs, not
    compared.
    """

    words: tuple[str, ...]
    programs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    role: str = "peer"
    env: Mapping[str, str] = field(default_factory=dict)
    crop: int = 0
    suffixes: tuple[str, ...] = (".png", ".jpg", ".ppm")
    out: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> tuple[str, ...] | str:
        """The words with the program in front, or why it cannot run."""
        missing = [name for name in self.modules if importlib.util.find_spec(name) is None]
        if missing:
            return f"absent: {', '.join(missing)} is not installed"
        if not self.programs:
            return self.words
        program = next(filter(None, map(found, self.programs)), None)
        return (program, *self.words) if program else f"absent: no {' or '.join(self.programs)} on this machine"

    def written(self, path: Path) -> str:
        """The output as the tool wants it: some take options in its name, or before it."""
        return self.out.get(path.suffix, "{}").replace("{}", str(path))


def script(name: str, *modules: str, **row: object) -> Tool:
    return Tool((sys.executable, str(SCRIPTS / f"{name}.py"), "{in}", "{out}"), modules=modules, **row)  # type: ignore[arg-type]


_VIPS = ("conv", "{in}", "{out}", "{mask}", "--precision", "integer")
_MAGICK = {".jpg": "-quality 92 -sampling-factor 1x1 {}"}

TOOLS = {
    OURS: Tool(("filter", "vertical", "{in}", "-o", "{out}", "-q"), ("imgconv",), role="ours"),
    FLOOR: script("pillow_floor", "PIL", role="floor"),
    "OpenCV script": script("opencv", "cv2"),
    "stock Numba": script("numba_stock", "numba", "PIL", env={"NUMBA_CACHE_DIR": "{kept}"}),
    "Pillow script": script("pillow_filter", "PIL", crop=1),
    "vips": Tool(_VIPS, ("vips",), out={".jpg": "{}[Q=92,subsample-mode=off]"}),
    "vips fast": Tool(_VIPS, ("vips",), out={".png": "{}[compression=1]"}, suffixes=(".png",)),
    "ImageMagick": Tool(
        ("{in}", "-morphology", "Correlate", "3x3: -1,0,1 -1,0,1 -1,0,1", "-depth", "8", "{out}"),
        ("magick", "convert-im6.q16", "convert"),
        out=_MAGICK,
    ),
    "GraphicsMagick": Tool(("convert", "{in}", "-convolve", "-1,0,1,-1,0,1,-1,0,1", "{out}"), ("gm",), out=_MAGICK),
    "ffmpeg": Tool(
        ("-hide_banner", "-loglevel", "error", "-y", "-i", "{in}", "-vf", _FFMPEG, "-pix_fmt", "rgb24", "{out}"),
        ("ffmpeg",),
        crop=1,
        suffixes=(".png", ".ppm"),  # its JPEG has another scale of quality
    ),
}

COLD = {
    OURS: Tool(TOOLS[OURS].words, ("imgconv",), role="ours", env={"IMGCONV_CACHE_DIR": "{fresh}"}),
    FLOOR: TOOLS[FLOOR],
    "stock Numba": script("numba_stock", "numba", "PIL", env={"NUMBA_CACHE_DIR": "{fresh}"}),
    "OpenCV script": TOOLS["OpenCV script"],
}
