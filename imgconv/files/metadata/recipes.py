"""Recipes among a file's metadata: one text of ASCII, in PNG's texts, in XMP, or in GIF's comment.

A recipe says how its pixels were made, so it does not go along with others: readers take it out of the metadata and
give it a name of its own, `recipe`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from imgconv import errors
from imgconv.files.formats import FORMATS, Format
from imgconv.values.frozen import replace
from imgconv.values.image import ImageData

KEYWORD = "imgconv recipe"
MOST = 2**20
"""Characters of a recipe that are written and believed."""
_NAMESPACE = "urn:imgconv:recipe:1.0/"
_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
).encode()
_END = b"</rdf:RDF>"
_TAIL = _END + b'</x:xmpmeta><?xpacket end="w"?>'
_BEFORE = f'<rdf:Description rdf:about="" xmlns:imgconv="{_NAMESPACE}"><imgconv:recipe>'.encode()
_BEHIND = b"</imgconv:recipe></rdf:Description>"
_OURS = re.compile(re.escape(_BEFORE) + rb"([^<]*)" + re.escape(_BEHIND))
_OTHERS = re.compile(rb"<imgconv:recipe>([^<]*)</imgconv:recipe>|\simgconv:recipe\s*=\s*\"([^\"<]*)\"")
"""As other programs write XMP anew: an element, or an attribute."""
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
_PLACES = ("text", "xmp", "comment")


def holds(form: Format) -> bool:
    """Whether a format has a place for a recipe."""
    return any(place in form.carries for place in _PLACES)


def able() -> list[str]:
    """The names of the formats that have one."""
    return [row.name for row in FORMATS.values() if holds(row)]


def placed(values: Mapping[str, Any], form: Format) -> dict[str, Any]:
    """Metadata with the recipe, if there is one, where a format keeps it. Raises FileError where XMP cannot take it."""
    values = dict(values)
    text = values.get("recipe")
    if text and not holds(form):
        return values
    values.pop("recipe", None)
    if not text:
        return values
    place = next(place for place in _PLACES if place in form.carries)
    if place == "text":
        values["text"] = {**values.get("text", {}), KEYWORD: text}
    elif place == "xmp":
        values["xmp"] = _in_xmp(values.get("xmp") or b"", text)
    else:
        comment = values.get("comment", b"")
        comment = comment.encode("utf-8") if isinstance(comment, str) else comment
        values["comment"] = comment + f"\n{KEYWORD}: {text}".encode("ascii")
    return values


def _in_xmp(packet: bytes, text: str) -> bytes:
    for plain, escape in _ESCAPES[:3]:
        text = text.replace(plain, escape)
    piece = _BEFORE + text.encode("ascii") + _BEHIND
    if not packet:
        return _HEAD + piece + _TAIL
    at = packet.rfind(_END)
    if at < 0:
        raise errors.FileError("its XMP has no place for a recipe (it is no RDF in UTF-8); --strip leaves it out")
    return packet[:at] + piece + packet[at:]


# ---------------------------------------------------------------- out again


def apart(image: ImageData) -> ImageData:
    """An image that was read, whose metadata have the recipe under its own name."""
    values = taken(image.metadata)
    return image if values is image.metadata else replace(image, metadata=MappingProxyType(dict(values)))


def stated(image: ImageData, text: str) -> ImageData:
    """An image with this recipe, or none, in place of the one of the file that it was made of."""
    values = {key: value for key, value in taken(image.metadata).items() if key != "recipe"}
    if text:
        values["recipe"] = text
    return replace(image, metadata=MappingProxyType(values))


def without(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of an image whose pixels have changed."""
    if "recipe" not in metadata:
        return metadata
    return MappingProxyType({key: value for key, value in metadata.items() if key != "recipe"})


def taken(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Metadata with the recipe that they hold under its own name; empty if that is none. The same if they hold none."""
    found, values = None, dict(metadata)
    if KEYWORD in (texts := values.get("text") or {}):
        found = texts[KEYWORD]
        values["text"] = {key: value for key, value in texts.items() if key != KEYWORD}
    packet = values.get("xmp") or b""
    if b"imgconv:recipe" in packet and (match := _OURS.search(packet) or _OTHERS.search(packet)):
        found = _unescaped(next(filter(None, match.groups()), b""))
        values["xmp"] = packet[: match.start()] + packet[match.end() :]
    comment = values.get("comment") or b""
    comment = comment.encode("utf-8") if isinstance(comment, str) else comment
    before, mark, text = comment.rpartition(f"\n{KEYWORD}: ".encode("ascii"))
    if mark:
        found, values["comment"] = text.decode("latin-1"), before
    if found is None:
        return metadata
    if values.get("xmp") == _HEAD + _TAIL:
        del values["xmp"]
    kept = {key: value for key, value in values.items() if key not in _PLACES or value}
    return {**kept, "recipe": found if _is_sound(found) else ""}


def _unescaped(text: bytes) -> str:
    plain = text.decode("latin-1")
    for character, escape in reversed(_ESCAPES):
        plain = plain.replace(escape, character)
    return plain


def _is_sound(text: str) -> bool:
    """Whether it is as we write it: printable ASCII, and no longer than what is believed."""
    return len(text) <= MOST and text.isascii() and text.isprintable()
