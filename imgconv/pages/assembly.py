"""A page as one file: template, style, script and data, and a policy that lets it load nothing."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

from imgconv.values.frozen import record

_PARTS = files("imgconv.pages") / "parts"
_MARK = re.compile(r"\{\{(\w+)\}\}")


@record
class Plan:
    """What a kind of page is made of: the files of its body, its styles and its scripts, in order."""

    body: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]


@record
class Written:
    """A page in UTF-8, and what was done to its picture, in words."""

    content: bytes
    words: str = ""


def part(name: str) -> str:
    """The text of a file in `parts/`."""
    return (_PARTS / name).read_text(encoding="utf-8")


def script_of(plan: Plan) -> str:
    """The scripts of a page as one, in a scope of its own."""
    sources = "\n".join(part(name) for name in plan.scripts)
    return f'"use strict";\n(() => {{\n{sources}}})();\n'


def page(plan: Plan, title: str, source: str, data: Mapping[str, Any]) -> bytes:
    """The page in UTF-8. `source` says beneath the title what is shown; `data` is what the script reads."""
    from imgconv import __version__

    style, script = "".join(map(part, plan.styles)), script_of(plan)
    texts = {"title": html.escape(title), "source": html.escape(source), "version": html.escape(__version__)}
    body = _filled(part(plan.body), texts)
    whole = {**texts, "style": style, "script": script, "body": body, "data": _json(data)}
    return _filled(part("page.html"), whole | {"policy": _policy(style, script)}).encode()


def _filled(template: str, texts: Mapping[str, str]) -> str:
    """A template with its marks replaced, in one pass: what is put in may look like a mark."""
    return _MARK.sub(lambda found: texts[found[1]], template)


def _json(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element, which would end at `</script`."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _policy(style: str, script: str) -> str:
    """Nothing but this very style and script is applied, and nothing is loaded."""
    allowed = {"style-src": style, "script-src": script}
    hashes = [f"{what} 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for what, text in allowed.items()]
    return "; ".join(["default-src 'none'", *hashes, "base-uri 'none'", "form-action 'none'"])
