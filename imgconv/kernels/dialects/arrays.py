"""NumPy's .npy and .npz: never pickles; which axes are rows and columns is asked where it could be otherwise."""

from __future__ import annotations

import io
import math
import re
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.kernels.dialects.base import Dialect, Written
from imgconv.kernels.dialects.placing import centred, divided, middle, rounding
from imgconv.kernels.kernel import Kernel, require_size

if TYPE_CHECKING:
    import numpy as np

NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK\x03\x04"
_RANGE = re.compile(r"([0-9]{1,9})(?:\.\.([0-9]{1,9}))?")
_MOST_KERNELS = 100_000


def open_npy(content: bytes, path: str, member: str, index: str) -> tuple[Kernel, ...]:
    """The kernels of an array: (h, w), or more axes with an index that says which are not rows and columns."""
    return _kernels(_loaded(content, path), path, index)


def open_npz(content: bytes, path: str, member: str, index: str) -> tuple[Kernel, ...]:
    """The kernels of one member; it may stay unnamed where there is only one."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            chosen = member or (names[0] if len(names) == 1 else "")
            if chosen not in names:
                raise errors.kernel_member(path, member, names)
            info = archive.getinfo(f"{chosen}.npy")
            if info.file_size > 2**30:
                raise errors.kernel_file(path, f"{chosen} is larger than 1 GiB, too large for kernels")
            array = archive.read(info)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if isinstance(error, errors.ImgconvError):
            raise
        raise errors.kernel_file(path, f"it is no whole .npz ({error})") from None
    return _kernels(_loaded(array, f"{path}:{chosen}"), f"{path}:{chosen}", index)


def _loaded(content: bytes, path: str) -> np.ndarray[Any, Any]:
    import numpy as np

    try:
        _refuse_short(content, path)
        array: np.ndarray[Any, Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except errors.ImgconvError:
        raise
    except Exception as error:  # whatever broken bytes lead to
        pickled = "pickle" in str(error).lower()
        why = (
            "it holds Python objects, which are pickles; save numbers"
            if pickled
            else f"it is no whole .npy ({errors.cut(str(error))})"
        )
        raise errors.kernel_file(path, why) from None
    if array.dtype.kind not in "biuf":
        raise errors.kernel_file(path, f"it holds {array.dtype}, and weights are real numbers")
    return array


def _refuse_short(content: bytes, path: str) -> None:
    """Raises UsageError for a header that promises more numbers than there are, before NumPy makes room for them."""
    import numpy as np

    stream = io.BytesIO(content)
    head = (
        np.lib.format.read_array_header_1_0
        if np.lib.format.read_magic(stream) == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = head(stream)
    if not dtype.hasobject and (missing := math.prod(shape) * dtype.itemsize - (len(content) - stream.tell())) > 0:
        raise errors.kernel_file(path, f"it is cut short, {missing} bytes of its numbers are missing")


def _kernels(array: np.ndarray[Any, Any], path: str, index: str) -> tuple[Kernel, ...]:
    if array.ndim < 2 or array.ndim > 4 or 0 in array.shape:
        raise errors.kernel_file(path, f"its shape {array.shape} is not (rows, columns), nor kernels of that")
    chosen = _chosen(array, path, index)
    require_size(*chosen.shape[1:])
    if not _finite(chosen):
        raise errors.kernel_file(path, "it holds NaN or infinity, and weights are finite")
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
        raise errors.kernel_layout(path, array.shape)
    taken = tuple(_positions(part, length, path) for part, length in zip(parts, array.shape, strict=True))
    rest = [axis for axis, part in enumerate(parts) if part != ":"]
    first, second = (axis for axis, part in enumerate(parts) if part == ":")
    cut = array[taken].transpose(*rest, first, second)
    found: np.ndarray[Any, Any] = cut.reshape(-1, *cut.shape[-2:])
    if len(found) > _MOST_KERNELS:
        raise errors.kernel_file(path, f"{len(found)} kernels are more than {_MOST_KERNELS}")
    return found


def _positions(part: str, length: int, path: str) -> slice:
    if part in (":", "*"):
        return slice(None)
    found = _RANGE.fullmatch(part)
    last = int(found[2] or found[1]) if found else 0
    if found is None or not int(found[1]) <= last < length:
        raise errors.kernel_index(path, part, length)
    return slice(int(found[1]), last + 1)


def write_npy(kernel: Kernel) -> Written:
    """(rows, columns): the smallest type of whole numbers, or float64. There is neither divisor, bias nor anchor."""
    import numpy as np

    from imgconv.kernels.dialects.placing import decimal

    if kernel.bias != 0:
        raise errors.kernel_cannot_say("npy", f"the bias {decimal(kernel.bias)}")
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
