"""The protocols by which terminals are sent pictures."""

from __future__ import annotations

from imgconv.values.parameters import choice

PROTOCOL = choice("protocol", ("kitty", "sixel", "iterm", "blocks"), {"iterm2": "iterm", "block": "blocks"})
