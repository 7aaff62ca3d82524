"""Text of others on a page."""

from __future__ import annotations

MARKS = r"\`*_{}[]()#+-.!|<>~$:"


def plain(text: str) -> str:
    """A text without what Markdown would make of it: a link could load a picture otherwise."""
    return "".join(f"\\{char}" if char in MARKS else char for char in text)
