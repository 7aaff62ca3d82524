"""Numbers as a link writes them, and a reader that believes nothing."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

Query = dict[str, str | list[str]]
"""Parameters of a link, as an address holds them."""

PLACES = 4  # decimals of a number in a link


def number(value: float) -> str:
    """The number without needless zeros."""
    return f"{value:.{PLACES}f}".rstrip("0").rstrip(".") or "0"


def whole(text: str, low: int, high: int) -> int:
    """A whole number in its range; `ValueError` otherwise."""
    if len(text) > 20:
        raise ValueError(text[:20])
    value = int(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


def within(text: str, low: float, high: float) -> float:
    """A number in its range; `ValueError` otherwise, for NaN too."""
    value = float(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


class LenientReader:
    """Collects a notice for each thing that makes no sense."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def attempt(self, read: Callable[[], T], otherwise: T, what: str) -> T:
        """What `read` gives; `otherwise`, and a notice that names `what`, where it fails."""
        try:
            return read()
        except (ValueError, OverflowError, binascii.Error):
            self.notices.append(f"The link's {what} made no sense and was left out.")
            return otherwise
