"""NumPy's .npy and .npz, never pickles. Arrays of more than two axes need an index that shows the rows and columns."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Any, TypeVar

from imgconv import errors
from imgconv.kernels.dialects.base import LARGEST_FILE, MOST_KERNELS, Dialect, Written
from imgconv.kernels.dialects.placing import centred, divided, middle, rounding
from imgconv.kernels.kernel import Kernel, require_size, require_total
from imgconv.kernels.text_errors import KernelFileError, cannot_write, in_file, no_such_index

if TYPE_CHECKING:
    import numpy as np

NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK\x03\x04"
_RANGE = re.compile(r"([0-9]{1,9})(?:\.\.([0-9]{1,9}))?")
_Read = TypeVar("_Read")


def open_npy(content: bytes, path: str, member: str, index: str) -> tuple[Kernel, ...]:
    """The kernels of an array: (h, w), or of more axes, with an index for those that are not rows and columns."""
    return _kernels(_whole(path, ".npy", lambda: _loaded(io.BytesIO(content), len(content), path)), path, index)


def open_npz(content: bytes, path: str, member: str, index: str) -> tuple[Kernel, ...]:
    """The kernels of one member; it may stay unnamed where there is only one."""
    name, array = _whole(path, ".npz", lambda: _member(content, path, member))
    return _kernels(array, f"{path}:{name}", index)


def _member(content: bytes, path: str, member: str) -> tuple[str, np.ndarray[Any, Any]]:
    """The name and the numbers of the member that is wanted."""
    from imgconv.files import archives

    archive = archives.directory(io.BytesIO(content))
    names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    chosen = member or (names[0] if len(names) == 1 else "")
    if chosen not in names:
        raise _no_member(path, member, names)
    info = archive.getinfo(f"{chosen}.npy")
    if info.file_size > LARGEST_FILE:
        raise in_file(path, f"{errors.cut(chosen)} is larger than {LARGEST_FILE >> 20} MiB, too large for kernels")
    with archives.unpacked(archive, info) as stream:
        array = _loaded(stream, info.file_size, f"{path}:{chosen}")
        if not stream.tell() == info.file_size:  # the checksum is checked after the last byte
            raise in_file(path, f"{info.file_size - stream.tell()} bytes follow the numbers of {errors.cut(chosen)}")
    return chosen, array


def _no_member(path: str, member: str, names: Sequence[str]) -> KernelFileError:
    if not names:
        return KernelFileError(f"kernel file {path} holds no arrays")
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    if not member:
        return KernelFileError(f"kernel file {path} holds several arrays; append :NAME to choose one ({listed})")
    hint = errors.suggestion(member, names)
    return KernelFileError(f"kernel file {path} has no array {errors.shown(member)}{hint} ({listed})")


def _whole(path: str, kind: str, read: Callable[[], _Read]) -> _Read:
    """What `read` makes of a file's bytes; UsageError for whatever broken ones lead to."""
    try:
        return read()
    except errors.ImgconvError:
        raise
    except Exception as error:
        raise in_file(path, f"it is no whole {kind} ({errors.cut(str(error))})") from None


def _loaded(stream: IO[bytes], size: int, path: str) -> np.ndarray[Any, Any]:
    """The array with which a stream of so many bytes begins."""
    from imgconv.files.npy import described, filled

    shape, order, dtype = described(stream)
    if dtype.hasobject:
        raise in_file(path, "it holds Python objects, which are pickles; save numbers")
    if dtype.kind not in "biuf":
        raise in_file(path, f"it holds {errors.cut(str(dtype))}, and weights are real numbers")
    if (missing := math.prod(shape) * dtype.itemsize - (size - stream.tell())) > 0:
        raise in_file(path, f"it is cut short, {missing} bytes of its numbers are missing")
    return filled(stream, shape, order, dtype)[0]


def _kernels(array: np.ndarray[Any, Any], path: str, index: str) -> tuple[Kernel, ...]:
    if array.ndim < 2 or array.ndim > 4 or 0 in array.shape:
        raise in_file(path, f"its shape {errors.cut(str(array.shape))} is not (rows, columns), nor kernels of that")
    chosen = _chosen(array, path, index)
    require_size(*chosen.shape[1:])
    require_total(chosen.size)
    if not _finite(chosen):
        raise in_file(path, "it holds NaN or infinity, and weights are finite")
    return tuple(Kernel(one) for one in chosen)


def _finite(array: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    return bool(np.isfinite(array).all())


def _chosen(array: np.ndarray[Any, Any], path: str, index: str) -> np.ndarray[Any, Any]:
    """(n, rows, columns): `index` names positions on axes (`3`, `0..7`, `*`) and leaves rows and columns as `:`."""
    parts = [part.strip() for part in index.split(",")] if index else []
    if array.ndim == 2 and parts in ([], ["0"], ["*"]):
        return array[None]
    parts += [":"] * (array.ndim - len(parts))
    if len(parts) > array.ndim or parts.count(":") != 2:
        numbers = ",".join("N" * (array.ndim - 2))
        raise in_file(
            path,
            f"which axes of {array.shape} are rows and columns? Put : for them and numbers (or a..b, *) for the others"
            f" in brackets: [{numbers}] where they are the last two, [:,:,{numbers}] where they are the first",
        )
    positions = tuple(_positions(part, length, path) for part, length in zip(parts, array.shape, strict=True))
    rest = [axis for axis, part in enumerate(parts) if part != ":"]
    first, second = (axis for axis, part in enumerate(parts) if part == ":")
    cut = array[positions].transpose(*rest, first, second)
    kernels: np.ndarray[Any, Any] = cut.reshape(-1, *cut.shape[-2:])
    if len(kernels) > MOST_KERNELS:
        raise in_file(path, f"{len(kernels)} kernels are more than {MOST_KERNELS}")
    return kernels


def _positions(part: str, length: int, path: str) -> slice:
    if part in (":", "*"):
        return slice(None)
    match = _RANGE.fullmatch(part)
    last = int(match[2] or match[1]) if match else 0
    if match is None or not int(match[1]) <= last < length:
        raise no_such_index(path, part, length)
    return slice(int(match[1]), last + 1)


def write_npy(kernel: Kernel) -> Written:
    """(rows, columns): the smallest type of whole numbers, or float64. There is neither divisor, bias nor anchor."""
    import numpy as np

    from imgconv.kernels.dialects.placing import decimal

    if kernel.bias != 0:
        raise cannot_write("npy", f"the bias {decimal(kernel.bias)}")
    notes: tuple[str, ...] = ()
    if kernel.anchor not in (None, middle(*kernel.shape)):
        kernel, notes = centred(kernel)
    rows = divided(kernel)
    cells = [cell for row in rows for cell in row]
    whole = all(isinstance(cell, int) and abs(cell) < 2**63 for cell in cells)
    array = np.array(
        [[int(cell) if whole else float(cell) for cell in row] for row in rows], np.int64 if whole else np.float64
    )
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=False)
    lost = () if whole else rounding([cell for cell in cells if not isinstance(cell, float)])
    return Written(content.getvalue(), notes + lost)


NPY = Dialect(
    "npy",
    "NumPy's array (rows, columns); more axes with an index: `[3]`, `[0..7]`, `[*]`, `[:,:,0]`",
    "bank.npy[3]",
    opens=open_npy,
    write=write_npy,
)
NPZ = Dialect("npz", "an array in NumPy's archive, indexed as .npy is", "conv1.npz:weight[0,2]", opens=open_npz)
