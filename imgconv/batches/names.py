"""Names of outputs: derived ones, names in folders, and templates."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from imgconv import errors
from imgconv.batches.inputs import STREAM, Source
from imgconv.files import urls
from imgconv.files.formats import Format, split_member
from imgconv.files.text.recognition import is_inline

FIELDS = {
    "dir": "the folder of the input; behind a folder, what lies below the input folder",
    "stem": "the input's name without its suffix",
    "op": "what is done, as in derived names",
    "ext": "the suffix with its dot",
    "index": "the number of the input, from 0, in at least three digits",
}
"""The fields of templates."""
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def derived_name(source: str, label: str, named: Format | None) -> str:
    """`photos/scan-vertical.jpg` beside `photos/scan.jpg`."""
    stem, suffix = os.path.splitext(_name(source))
    if named:
        suffix = named.suffixes[0]
    return urls.joined(_folder(source), f"{stem}-{label}{suffix or '.png'}")


def name_in_folder(source: str, named: Format | None) -> str:
    """The input's name, with the suffix of the format if one is named."""
    name = _name(source.rstrip("/\\"))
    return os.path.splitext(name)[0] + named.suffixes[0] if named else name


def is_template(output: str) -> bool:
    """Whether an output's path is a template; what exists is not. Raises UsageError for an unknown field."""
    if os.path.lexists(output):
        return False
    fields = [found[1] for found in _FIELD.finditer(output) if found[1] is not None]
    for field in fields:
        if field not in FIELDS:
            known = " ".join(f"{{{name}}}" for name in FIELDS)
            raise errors.UsageError(
                f"-o {output}: there is no field {{{errors.cut(field)}}}; known are {known}, and {{{{ is a brace"
            )
    return bool(fields)


def filled(template: str, source: Source, label: str, index: str, named: Format | None) -> str:
    """The path that a template gives for an input."""
    stem, suffix = os.path.splitext(_name(source.path))
    values = {
        "dir": _dir(source) if not template.startswith("{dir}") else _folder(source.path) or os.curdir,
        "stem": stem,
        "op": label,
        "ext": named.suffixes[0] if named else suffix or ".png",
        "index": index,
    }
    return urls.normal(_replaced(template, values))


def _replaced(template: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values[found[1]] if found[1] is not None else found[0][0], template)


def fixed_folder(template: str) -> str:
    """The folder before the first field, in which all results lie."""
    return urls.folder_of(template.partition("{")[0])


def says_format(template: str) -> bool:
    """Whether a template ends in a suffix of its own, and not in that of the input."""
    return not template.endswith("{ext}")


def _dir(source: Source) -> str:
    """The folder of an input behind another folder: never absolute and never above that."""
    if source.below is not None:
        return source.below or os.curdir
    folder = _folder(source.path)
    folder = folder.partition("://")[2] if urls.is_url(folder) else folder
    folder = os.path.splitdrive(os.path.normpath(folder or os.curdir))[1]
    return os.path.join(os.curdir, *(part for part in re.split(r"[/\\]", folder) if part not in ("", os.pardir)))


def _folder(source: str) -> str:
    return "" if source == STREAM or is_inline(source) else urls.folder_of(split_member(urls.without_query(source))[0])


def _name(source: str) -> str:
    """The name of an input without its folder; that of an array in a file (`stack.npz:left`) is made of both
    (`stack-left.npz`)."""
    if source == STREAM:
        return "stdin.png"
    if is_inline(source):
        return "text.csv"
    file, member = split_member(urls.without_query(source))
    stem, suffix = os.path.splitext(os.path.basename(file))
    return f"{stem}-{re.sub(r'[^0-9A-Za-z_.-]', '-', member)}{suffix}" if member else stem + suffix
