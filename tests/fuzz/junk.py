"""Wrong Python arguments: every parameter of every public verb, given everything that nobody means.

What comes out is a result or an error of imgconv's own, in one sentence: never a bare TypeError, ValueError or
SyntaxError from inside. (A missing or unknown keyword stays Python's TypeError.)
"""

from __future__ import annotations

import collections
import contextlib
import datetime
import decimal
import fractions
import io
import math
import pathlib
import random
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import imgconv
from imgconv import errors
from imgconv.cli.messages import printable
from imgconv.operations import Filter, Pool
from imgconv.values.borders import Border
from imgconv.values.image import Frame

PIXELS = np.arange(60, dtype="uint8").reshape(5, 4, 3)


class Hostile:
    """An object whose every question is answered by an exception of its own."""

    def _fail(self, *_: object) -> Any:
        raise RuntimeError("no")

    __str__ = __repr__ = __index__ = __int__ = __float__ = __len__ = __iter__ = __eq__ = __bool__ = __getitem__ = (
        __fspath__
    ) = __array__ = _fail  # type: ignore[assignment]

    def __hash__(self) -> int:
        raise RuntimeError("no")


class Endless:
    """A sequence without an end."""

    def __getitem__(self, place: int) -> int:
        return 1

    def __len__(self) -> int:
        return 2**62


class Indexed:
    """An integer of another library."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        return self.value


class Words(str):
    """A str of another class."""


class Whole(int):
    """An int of another class."""


def matrix() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.matrix([[1, 2], [3, 4]])


class Pathy:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __fspath__(self) -> Any:
        return self.value


def _nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


def _loop() -> list[Any]:
    made: list[Any] = [1]
    made.append(made)
    return made


def _generator() -> Iterator[int]:
    yield 1
    yield 2


_EXPRESSIONS = r"""
np.array(1) ;; np.array('same') ;; np.array([]) ;; np.array([1, 2]) ;; np.array([1, 2, 3]) ;; np.array([1.5, 2])
np.array([1, 2, 3, 4]) ;; np.zeros((2, 2)) ;; np.zeros((3, 3), int) ;; np.ones((3, 3)) ;; np.zeros((0, 3))
np.full((3, 3), np.nan) ;; np.full((3, 3), np.inf) ;; np.ones((2, 2, 2)) ;; np.ones((2, 2, 2, 2))
np.ones((1, 1, 1, 1, 1)) ;; np.array([[1, None]], object) ;; np.array([['a', 'b']]) ;; np.array([[1j]])
np.array([[b'a']]) ;; np.array([True, False]) ;; np.array([['2020-01-01']], 'datetime64[D]')
np.array([[1]], 'timedelta64[s]') ;; np.zeros((2, 2), [('r', 'u1')]) ;; np.array([[2 ** 60]])
np.array([[2 ** 63]], 'uint64') ;; np.zeros((2, 2), 'longdouble') ;; matrix()
np.ma.masked_array([[1, 2], [3, 4]], [[0, 1], [0, 0]]) ;; np.rec.array([(1, 2)])
np.broadcast_to(np.uint8(3), (3, 3)) ;; np.zeros((3, 3), '>i4') ;; np.zeros((2, 0, 2))
np.array([[1, 2], [3, 4]], object) ;; np.array([None])

None ;; True ;; False ;; 0 ;; 1 ;; -1 ;; 3 ;; 2 ** 31 ;; 2 ** 63 ;; -2 ** 64 ;; 10 ** 400 ;; 10 ** 5000 ;; 0.0 ;; -0.0
1.5 ;; 1e+308 ;; 5e-324 ;; math.nan ;; math.inf ;; -math.inf ;; 1j ;; complex('nan') ;; fractions.Fraction(1, 3)
fractions.Fraction(10 ** 400, 3) ;; decimal.Decimal('0.1') ;; decimal.Decimal('nan') ;; decimal.Decimal('1e999999')
datetime.date(2020, 1, 1) ;; datetime.timedelta(1) ;; np.int64(2) ;; np.uint8(1) ;; np.float32(1.5)
np.float64('nan') ;; np.bool_(True) ;; np.str_('same') ;; np.complex128(1) ;; np.longdouble(2)
np.datetime64('2020-01-01') ;; np.timedelta64(1, 's') ;; np.float16(1) ;; Whole(2) ;; Indexed(2) ;; Indexed('2')
Indexed(None) ;; Indexed(10 ** 30)

'' ;; ' ' ;; '1' ;; '1 2 1' ;; '1 2;3' ;; '1,2' ;; '-1' ;; 'nan' ;; 'inf' ;; '1e400' ;; 'x' ;; 'same' ;; 'edge'
'vertical' ;; 'relu' ;; 'max' ;; '\x00' ;; 'a\x00b' ;; '\udc80' ;; '\n' ;; 'x' * 5000 ;; '9' * 5000 ;; '1/0'
'0x1p-3' ;; '٣' ;; '²' ;; '1_000' ;; 'constant:' ;; 'constant:x' ;; '[' ;; ']' ;; '(' ;; '{}' ;; 'u1' ;; 'uint8'
'O' ;; 'f4,f4' ;; '(2,3)u1' ;; 'datetime64' ;; '<U3' ;; ',' ;; ';' ;; '|' ;; 'filter' ;; 'filter vertical | relu'
'im:Sobel:@' ;; 'x.npy' ;; '/nowhere/x.png' ;; '..' ;; "'" ;; '1:2:3' ;; '0:0' ;; 'theta=0:1' ;; 'gabor:8,0:x'
'%s%n' ;; '10%' ;; '-' ;; 'all' ;; 'first' ;; Words('same') ;; b'same' ;; b'' ;; b'\xff' ;; bytearray(b'1')
memoryview(b'12')

[] ;; () ;; {} ;; set() ;; frozenset((1, 2)) ;; [[]] ;; [[], []] ;; [1] ;; [1, 2] ;; (1, 2) ;; (1, 2, 3)
(1, 2, 3, 4) ;; [1, [2]] ;; [[1, 2], [3]] ;; [[1, 2], [3, 4]] ;; [[1, 'a']] ;; [['1', '2']] ;; [[None]] ;; [None]
[None, None] ;; ['edge'] ;; ['a', 1] ;; [1.5, 2.5] ;; [True, False] ;; (math.nan, 1) ;; [[1, 2], 3] ;; [3, [1, 2]]
[[[1]]] ;; [[[1, 2]], [[3]]] ;; [[1j]] ;; [[10 ** 400]] ;; [[10 ** 5000]] ;; [[math.nan]]
[[fractions.Fraction(1, 7)]] ;; [[decimal.Decimal(1)]] ;; [{}] ;; [{1: 2}] ;; {'a': 1} ;; {1: [1]} ;; range(3)
range(0) ;; range(10 ** 12) ;; _generator() ;; iter([1, 2]) ;; map(str, [1]) ;; zip([1], [2], strict=True)
collections.deque([1, 2]) ;; collections.Counter('ab') ;; _nested(3) ;; _nested(100) ;; _nested(5000) ;; _loop()
Endless() ;; np.array([1, 2]).tolist() ;; [np.array([1, 2]), np.array([3])] ;; [np.array([1, 2]), np.array([3, 4])]
(np.int64(1), np.int64(2)) ;; (np.array(1), np.array([2])) ;; [np.array([[1]])] ;; slice(None) ;; slice(1, 2, 3)
slice('a', 'b') ;; types.SimpleNamespace()

object() ;; object ;; Hostile() ;; int ;; float ;; complex ;; np.uint8 ;; np.float32 ;; np.dtype('uint8')
np.dtype('O') ;; np.dtype([('a', 'u1')]) ;; np.dtype('(2,3)u1') ;; np ;; print ;; (lambda: 1) ;; Ellipsis
NotImplemented ;; type ;; Exception('x') ;; io.BytesIO(b'1') ;; io.StringIO('1') ;; pathlib.Path('x.png')
pathlib.Path('/nowhere/x.npy') ;; Pathy('x.png') ;; Pathy(b'\xff') ;; Pathy(3) ;; imgconv.Kernel([[1]])
imgconv.kernel('vertical') ;; Border('wrap') ;; Border('constant', 1) ;; Border(3, 'x') ;; Border('nonsense')
imgconv.Pipeline(()) ;; imgconv.Pipeline('relu') ;; imgconv.Pipeline.parse('relu') ;; Filter(imgconv.kernel('box:3'))
Pool() ;; Pool ;; imgconv.Image(()) ;; imgconv.Image((Frame(PIXELS),)) ;; imgconv.Image('x')
imgconv.Image((Frame('x'),)) ;; imgconv.Image((Frame(PIXELS, 3),)) ;; imgconv.Image ;; Frame(PIXELS) ;; errors
imgconv
"""
JUNK = tuple(one.strip() for line in _EXPRESSIONS.splitlines() for one in line.split(" ;; ") if one.strip())
"""Expressions, evaluated anew for each call: some of their values can be used only once."""

_MODULES = (collections, datetime, decimal, fractions, io, math, pathlib, types, imgconv, errors, np)
_OWN = (Border, Endless, Filter, Frame, Hostile, Indexed, Pathy, Pool, Whole, Words, _generator, _loop, _nested, matrix)
_NAMES = {one.__name__.rpartition(".")[2]: one for one in (*_MODULES, *_OWN)} | {"np": np, "PIXELS": PIXELS}
LEFT_OUT = {("load", "path", "'-'"), ("save", "path", "'-'")}
"""Standard input and output, which are not the search's own."""
Verbs = dict[str, tuple[Callable[..., Any], dict[str, Any]]]


def image(**options: Any) -> Any:
    pipeline = options.pop("pipeline", imgconv.Pipeline.parse("filter vertical"))
    alpha = np.full(PIXELS.shape[:2], 200, "uint8")
    return imgconv.Image((Frame(PIXELS, alpha),)).through(pipeline, **options)


@cache
def _source_and_recorded() -> tuple[bytes, bytes]:
    """Files of an image, and of a result that says how it was made from it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source.png")
        imgconv.save(imgconv.Image((Frame(PIXELS),)), source)
        (record,) = imgconv.batch("relu", [source], Path(folder, "{stem}-{op}{ext}"), recipe=True)
        return source.read_bytes(), Path(record["output"]).read_bytes()


def verbs(folder: Path) -> Verbs:
    """Each verb, and for each of its parameters a value that is right."""
    pixels, run = {"pixels": PIXELS}, {"dtype": None, "range": "clamp", "threads": 1, "out": None}
    run |= {"batched": False, "channels": "last"}
    inside, ways = {"roi": None, "mask": None}, {"like": None, "rounding": None}
    placed = {"border": "edge", "pad": "same", "stride": 1, "dilation": 1}
    several = {"with_": (), "combine": None, "repeat": None, "until_stable": False, "rotate": 0}
    kernel: dict[str, Any] = {"weights": [[1, 2]], "divisor": 1, "bias": 0, "anchor": None, "name": ""}
    saved = folder / "in.npy"
    np.save(saved, PIXELS)
    source, recorded = folder / "source.png", folder / "recorded.png"
    for path, content in zip((source, recorded), _source_and_recorded(), strict=True):
        path.write_bytes(content)
    made = imgconv.Kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    network = imgconv.Network.random("conv 2@2x2 | relu | flatten | dense 3", (3, 3, 1))
    return {
        "Network": (
            imgconv.Network,
            {"pipeline": network.pipeline, "tensors": network.tensors, "input": (3, 3, 1), "labels": ("a", "b", "c")},
        ),
        "Network.load": (
            imgconv.Network.load,
            {"source": "dense 3", "weights": None, "input": (1, 1, 2), "layout": None},
        ),
        "Network.random": (imgconv.Network.random, {"pipeline": "dense 3", "input": (1, 1, 2), "seed": 0}),
        "Network.run": (network.run, {"batch": np.zeros((1, 3, 3, 1)), "threads": 1}),
        "Network.predict": (network.predict, {"pixels": np.zeros((3, 3)), "top": 1, "threads": 1}),
        "Network.maps": (network.maps, {"pixels": np.zeros((3, 3)), "threads": 1}),
        "Network.summary": (network.summary, {"shape": None}),
        "max_indices": (
            imgconv.max_indices,
            pixels | {"size": 2, "stride": None, "pad": 0, "dilation": 1, "ceil": False},
        ),
        "unpool": (imgconv.unpool, {"pixels": [[1, 2]], "indices": [[0, 3]], "to": (2, 2)}),
        "correlate": (imgconv.correlate, pixels | {"kernel": "vertical"} | placed | several | ways | inside | run),
        "convolve": (imgconv.convolve, pixels | {"kernel": "vertical"} | placed | several | ways | inside | run),
        "pool": (
            imgconv.pool,
            pixels
            | {
                "kind": "max",
                "size": 2,
                "stride": None,
                "pad": 0,
                "dilation": 1,
                "ceil": False,
                "count_padding": False,
                "to": None,
            }
            | ways
            | inside
            | run,
        ),
        "activate": (imgconv.activate, pixels | {"function": "elu", "slope": 0.5} | inside | run),
        "run": (imgconv.run, pixels | {"pipeline": "relu", "rounding": None} | inside | run),
        "bank": (
            imgconv.bank,
            pixels
            | {
                "kernel": "vertical",
                "with_": (),
                "theta": None,
                "vary": (),
                "sheet": False,
                "columns": None,
                "convolve": False,
            }
            | placed
            | run,
        ),
        "edges": (
            imgconv.edges,
            pixels
            | {
                "detector": "canny",
                "norm": None,
                "border": "edge",
                "sigma": None,
                "low": None,
                "high": None,
                "each_channel": False,
            }
            | inside
            | run,
        ),
        "directions": (
            imgconv.directions,
            pixels
            | {"detector": "sobel", "show": "angle", "norm": None, "border": "edge", "sigma": None, "threads": 1},
        ),
        "load": (
            imgconv.load,
            {
                "path": saved,
                "frames": None,
                "orient": True,
                "strip": False,
                "allow_narrowing": False,
                "allow_truncated": False,
                "max_pixels": 10**6,
                "max_frames": 100,
                "max_memory": 10**8,
            },
        ),
        "save": (
            imgconv.save,
            {
                "image": imgconv.Image((Frame(PIXELS),)),
                "path": folder / "out.png",
                "format": "png",
                "compress_level": None,
                "quality": None,
                "lossless": False,
                "tile": None,
                "bigtiff": False,
                "zarr_format": None,
            },
        ),
        "recipe": (imgconv.recipe, {"path": recorded}),
        "verify": (
            imgconv.verify,
            {"source": source, "path": recorded, "mask": None, "max_pixels": 10**6, "max_memory": 10**8},
        ),
        "kernel": (imgconv.kernel, {"value": "vertical"}),
        "Kernel": (imgconv.Kernel, kernel),
        "Kernel.rotated": (made.rotated, {"degrees": 90}),
        "Kernel.using": (made.using, {"divisor": 1, "bias": 0, "anchor": (1, 1)}),
        "Pipeline": (imgconv.Pipeline, {"steps": (Pool(),)}),
        "Pipeline.parse": (imgconv.Pipeline.parse, {"text": "relu"}),
        "Pipeline.shape": (imgconv.Pipeline.parse("maxpool 2").shape, {"height": 5, "width": 5}),
        "Image.through": (
            image,
            {
                "pipeline": imgconv.Pipeline.parse("relu"),
                "dtype": None,
                "range": "clamp",
                "threads": 1,
                "alpha": "auto",
                "channels": "all",
                "linear": False,
                "rounding": "half-up",
            }
            | inside,
        ),
        "Image.gray": (lambda pixels: imgconv.Image((Frame(pixels),)).gray(), pixels),
        "Image": (
            lambda frames: imgconv.Image(frames).through(imgconv.Pipeline.parse("relu")),
            {"frames": (Frame(PIXELS),)},
        ),
        "Frame": (
            lambda **given: imgconv.Image((Frame(**given),)).through(imgconv.Pipeline.parse("filter box:3")),
            {"pixels": PIXELS, "alpha": None},
        ),
    }


def calls(found: Verbs) -> list[tuple[str, str, str]]:
    """Every verb, parameter and piece of junk."""
    return [
        (verb, name, wrong)
        for verb, (_, right) in found.items()
        for name in right
        for wrong in JUNK
        if (verb, name, wrong) not in LEFT_OUT
    ]


def tried(found: Verbs, verb: str, name: str, wrong: str, folder: Path) -> str:
    """ "made" or "refused"; anything else is raised."""
    call, right = found[verb]
    try:
        value = eval(wrong, dict(_NAMES))
    except errors.ImgconvError:
        return "refused"  # as an argument of the constructor that it is made by
    try:
        with contextlib.chdir(folder), warnings.catch_warnings():
            warnings.simplefilter("error")
            call(**(right | {name: value}))
    except errors.ImgconvError as error:
        if "\n" in printable(str(error)) or error.exit_code not in (errors.FAILED, errors.MISUSED):
            raise AssertionError(f"a strange refusal: {type(error).__name__}: {error!s:.300}") from error
        return "refused"
    return "made"


def junk(number: str, folder: Path) -> str:
    """A target of `tests.fuzz`: one of all calls."""
    found = verbs(folder)
    return tried(found, *random.Random(number).choice(calls(found)), folder)
