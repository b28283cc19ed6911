"""Sentences about files and formats."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import FileError, ImgconvError, UsageError, amount, cut, shown, suggestion


def file_unreadable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be read ({why})")


def file_empty(path: str) -> FileError:
    return FileError(f"{path}: empty, no image in it")


def file_unknown(path: str) -> FileError:
    return FileError(f"{path}: not an image that imgconv or Pillow recognises; convert it to PNG or TIFF first")


def file_foreign(path: str, what: str, advice: str) -> FileError:
    return FileError(f"{path}: is {what}, not an image; {advice}")


def file_header_broken(path: str, kind: str) -> FileError:
    return FileError(
        f"{path}: begins as a {kind} file, but is broken, cut short or of an unsupported kind; get a whole copy"
        " or convert it"
    )


def file_broken(path: str, why: str) -> FileError:
    return _damaged(path, f"broken or cut short ({why})")


def _damaged(path: str, reason: str) -> FileError:
    text = f"{path}: {reason}; get a whole copy (--allow-truncated reads what is there)"
    return FileError(text, reason=reason, recoverable=True)


def file_preview(path: str) -> FileError:
    return FileError(
        f"{path}: holds a preview and, inside it, the picture itself (as cameras' raw files do); develop it first"
        " (darktable-cli in.dng out.tif)"
    )


def file_mode(path: str, mode: str) -> FileError:
    return FileError(f"{path}: unsupported pixel mode {mode}; convert the file to gray, RGB or CMYK first")


def file_deep_needs_codecs(path: str, form: str, bits: int) -> FileError:
    return FileError(
        f"{path}: has {bits} bits per sample, and {form} of more than 8 needs the package imagecodecs; pip install"
        " 'imgconv[deep]' (or --allow-narrowing reads 8)"
    )


def file_needs_codecs(path: str, codec: str) -> FileError:
    return FileError(
        f"{path}: its pixels are compressed by {codec}, for which the package imagecodecs is needed; pip install"
        " 'imgconv[deep]'"
    )


def file_narrowed(path: str, bits: int = 16) -> FileError:
    return FileError(
        f"{path}: has {bits} bits per sample, of which only 8 would be read; refused rather than lost "
        "(--allow-narrowing reads those 8; or convert it to PNG or TIFF first)"
    )


def file_size(path: str, width: object, height: object) -> FileError:
    return FileError(f"{path}: broken: invalid image size {cut(str(width))}x{cut(str(height))}; get a whole copy")


def too_many_pixels(path: str, pixels: int, most: int) -> FileError:
    return FileError(
        f"{path}: has {pixels} pixels, more than {most}, and may be a decompression bomb; if you trust it: --max-pixels"
        f" {pixels}"
    )


def too_many_frames(path: str, frames: int, most: int) -> FileError:
    return FileError(f"{path}: has {frames} frames, more than {most}; if you trust it: --max-frames {frames}")


def too_much_memory(path: str, needed: float, most: float) -> FileError:
    return FileError(
        f"{path}: would take about {amount(needed)} of memory, more than {amount(most)} (--max-memory allows more); use"
        " a smaller image or a larger stride"
    )


def stream_too_long(path: str, most: float) -> FileError:
    return FileError(
        f"{path}: gives more than {amount(most)}, the most that one image may take (--max-memory allows more)"
    )


def reads_too_much(path: str, most: float) -> FileError:
    return FileError(
        f"{path}: its parts claim more than the {amount(most)} of memory that one image may take (--max-memory allows"
        " more); get a whole copy"
    )


def header_endless(path: str) -> FileError:
    return FileError(
        f"{path}: broken: its header has more parts than any picture needs, and no end was found; get a whole copy"
    )


def too_many_scans(path: str, most: int) -> FileError:
    return FileError(
        f"{path}: is a progressive JPEG of more than {most} scans, and may be made to take time; save it as a plain"
        " JPEG or PNG first"
    )


def bytes_missing(path: str, count: int) -> FileError:
    return _damaged(path, f"cut short, {count} bytes of its pixels are missing")


def file_pickle(path: str) -> FileError:
    return FileError(
        f"{path}: holds Python objects (pickle), which are never loaded; save plain numbers with numpy.save"
    )


def no_folder(path: str, folder: str) -> FileError:
    return FileError(f"{path}: there is no folder {folder} (a folder named as -o {folder}/ is made)")


def named(path: str, error: ImgconvError) -> ImgconvError:
    """The same error, saying which image it is about."""
    return type(error)(f"{path}: {error}")


def file_unwritable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be written ({why})")


def link_of_stranger(path: str, link: str) -> FileError:
    return FileError(
        f"{path}: {_link(path, link)} that another user put into a folder open to everybody; name its target or another"
        " place"
    )


def link_to_nothing(path: str, link: str) -> FileError:
    return FileError(f"{path}: {_link(path, link)} to something that does not exist; remove it or name its target")


def _link(path: str, link: str) -> str:
    return f"{'' if path == link else link + ' '}is a symbolic link"


def file_of_stranger(path: str) -> FileError:
    return FileError(f"{path}: belongs to another user, in a folder open to everybody; name another place")


def file_of_several_names(path: str) -> FileError:
    return FileError(f"{path}: has other names (hard links), in a folder open to everybody; name another place")


def attributes_dropped(name: str, lost: Sequence[str]) -> str:
    return f"not kept of the {name} that was replaced: {', '.join(lost)}"


def privileges_dropped(name: str, privileges: Sequence[str]) -> str:
    return f"privileges not kept of the {name} that was replaced: {', '.join(privileges)}"


def attributes_refused(text: str) -> OSError:
    """The writer that meets it knows no path; `file_unwritable` says where."""
    return OSError(0, f"{text}; remove the old file first")


def resolution(dpi: float) -> ValueError:
    """The writer that meets it knows no path; `file_unwritable` says where."""
    return ValueError(f"a resolution of {dpi:g} dots per inch has no place in a PNG")


def file_exists(path: str) -> FileError:
    return FileError(f"{path}: exists already and was not replaced (--overwrite replaces it, -o FILE names another)")


def format_unknown(word: str, known: Sequence[str]) -> UsageError:
    return UsageError(
        f"format {shown(word)} is not known{suggestion(word, known) or ';'} choose from {', '.join(known)}"
    )


def format_no_suffix(path: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"{path}: no suffix tells the format; add one (.{', .'.join(known[:4])} ...) or give --format")


def format_cannot_hold(path: str, name: str, what: str, able: Sequence[str], remedy: str = "") -> FileError:
    return FileError(
        f"{path}: {name.upper()} cannot hold {what}; formats that can:"
        f" {', '.join(able) or 'none'}{remedy and f' ({remedy})'}"
    )


def tiff_too_large(size: int) -> ValueError:
    """The writer that meets it knows no path; `file_unwritable` says where."""
    return ValueError(f"{size / 2**30:.1f} GiB, and TIFF holds 4; write fewer frames, or npy")


def which_array(path: str, wanted: str, known: Sequence[str]) -> FileError:
    listed = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    if wanted:
        return FileError(f"{path}: has no array {shown(wanted)}{suggestion(wanted, known) or ';'} it holds {listed}")
    return FileError(f"{path}: holds {len(known)} arrays ({listed}); name one as {path}:{known[0]}")


def frame_missing(path: str, number: int, count: int) -> FileError:
    return FileError(
        f"{path}: has no frame {number};"
        f" {f'its {count} frames are counted from 0 to {count - 1}' if count > 1 else 'its only one is 0'}"
    )


def frames_none(path: str, wanted: tuple[int | None, int | None], count: int) -> FileError:
    shown = ":".join("" if end is None else str(end) for end in wanted)
    return FileError(f"{path}: --frames {shown} leaves none of its {count} frame{'s' * (count > 1)}, counted from 0")


def frames_do_not_fit(path: str, name: str, count: int, able: Sequence[str]) -> FileError:
    return FileError(
        f"{path}: {name.upper()} holds one frame and there are {count}; formats that hold several: {', '.join(able)};"
        " or --frames first"
    )


def frames_differ(path: str, name: str, first: str, other: str) -> FileError:
    return FileError(
        f"{path}: frames of {name.upper()} must be alike, and these are {first} and {other}; tiff holds pages of any"
        " size, --frames N takes one"
    )


def numbers_do_not_fit(name: str, low: int, high: int, able: Sequence[str]) -> FileError:
    """The writer that meets it knows no path; `named` says where."""
    return FileError(
        f"{name.upper()} holds 0…65535, the result has {low}…{high}; formats that hold it: {', '.join(able)} (or give"
        " --range or --dtype uint16)"
    )


def profile_unusable(why: str) -> FileError:
    return FileError(f"its colour profile cannot be used to convert the colours ({why}); --strip leaves it out")


def too_long_for(path: str, name: str, height: int, width: int, longest: int, able: Sequence[str]) -> FileError:
    return FileError(
        f"{path}: {name.upper()} holds at most {longest} pixels a side, the result has {width}x{height}; formats that"
        f" hold it: {', '.join(able)}"
    )


def always_lossy(path: str, name: str, able: Sequence[str]) -> FileError:
    return FileError(f"{path}: {name.upper()} cannot be lossless; formats that are: {', '.join(able)}")


def quality_of_lossless() -> UsageError:
    return UsageError("--quality and --lossless ask for two things; give one of them")


def format_not_built(name: str) -> ValueError:
    """The writer that meets it knows no path; `file_unwritable` says where."""
    return ValueError(f"this Pillow was built without {name.upper()}; imgconv doctor lists what it has")
