"""Plain values from outside as typed ones: what cannot be used is left out, and named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")


def read_leniently(values: Any, kind: type[T]) -> tuple[T | None, list[str]]:
    """Values as a data class, and names of what could not be used; None where nothing could.

    Types and bounds are those that the class declares. What is missing has its default.
    """
    ignored: list[str] = []
    try:
        return _lenient(values, kind, ignored), ignored
    except (msgspec.ValidationError, RecursionError):
        return None, ignored


def _lenient(value: Any, hint: Any, ignored: list[str]) -> Any:
    """`value` as `hint`; inside of mappings and data classes, what does not fit is left out.

    Raises `msgspec.ValidationError` where nothing is left.
    """
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError:
        if not isinstance(value, Mapping):
            raise
        plain = _without_annotation(hint)
        if isinstance(plain, type) and is_dataclass(plain):
            hints = get_type_hints(plain, include_extras=True)
            known = {key: each for key, each in value.items() if key in hints}
            kept = _kept(known, lambda key: hints[key], ignored)
            return plain(**kept)
        if get_origin(plain) is Mapping:
            inner = get_args(plain)[1]
            return _kept(value, lambda _: inner, ignored)
        raise


def _kept(
    values: Mapping[str, Any], hint_of: Callable[[str], Any], ignored: list[str]
) -> dict[str, Any]:
    kept = {}
    for key, each in values.items():
        try:
            kept[str(key)] = _lenient(each, hint_of(key), ignored)
        except msgspec.ValidationError:
            ignored.append(_words(str(key)))
    return kept


def _without_annotation(hint: Any) -> Any:
    """The type inside of `Annotated` and of `... | None`."""
    if get_origin(hint) is Annotated:
        return _without_annotation(get_args(hint)[0])
    choices = [each for each in get_args(hint) if each is not type(None)]
    if type(None) in get_args(hint) and len(choices) == 1:
        return _without_annotation(choices[0])
    return hint


def _words(key: str) -> str:
    return key[:40].replace("_", " ")
