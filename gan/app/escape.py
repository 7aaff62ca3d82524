"""Text from elsewhere on a page: links, file names, folders."""

from __future__ import annotations

MARKS = r"\`*_{}[]()#+-.!|<>~$:"


def escape_markdown(text: str) -> str:
    """A text without what Markdown would make of it: it could load a picture otherwise."""
    return "".join(f"\\{char}" if char in MARKS else char for char in text)
