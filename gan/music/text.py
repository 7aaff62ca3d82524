"""Text of MIDI files, which do not say its encoding."""

from __future__ import annotations

import re

_KANA = re.compile("[\u3041-\u30ff]")
_EAST_ASIAN_PAIRS = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xfe]{2})*")


def decode_text(text: bytes) -> str:
    """A text of a MIDI file, which does not say its encoding; other bytes give another text.

    UTF-8 where the bytes are valid UTF-8. Otherwise Chinese (GBK) where all high bytes come in
    pairs, as they hardly do in a Western word; Japanese (Shift JIS) where that gives kana; and
    else Latin-1, with what is not printable as `\\x..`.
    """
    try:
        found = text.decode("utf-8")
    except UnicodeDecodeError:
        found = _without_unicode(text)
    return "".join(
        one if one.isprintable() or one.isspace() or one == "\0" else _escape(one) for one in found
    )


def _without_unicode(text: bytes) -> str:
    tried = [("gbk", _EAST_ASIAN_PAIRS.fullmatch(text) is not None), ("cp932", True)]
    for encoding, plausible in tried:
        try:
            found = text.decode(encoding)
        except UnicodeDecodeError:
            continue
        if plausible and (encoding == "gbk" or _KANA.search(found)):
            return found
    return text.decode("latin-1")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
