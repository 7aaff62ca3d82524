"""Songs that are the music of an earlier one under another name.

Folders of MIDI hold many: arrangements saved twice, transposed, or renamed. One of them among
the validation songs and one among the others would make memory look like music.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from gan.data.phrases import Phrases, refuse
from gan.spec import RollSpec

_SKETCH = 4
"""Hashes kept a song: its smallest ones, so that equal songs keep the same (min-wise hashing,
Broder 1997), in memory that does not grow with their length."""


def without_repeats(phrases: Iterable[Phrases], spec: RollSpec) -> Iterator[Phrases]:
    """The songs in order; one that repeats an earlier one's phrases is refused by its name.

    Phrases are key-normalised, so a transposed copy is found as well. Songs that share the
    larger part of their sketch count as one.
    """
    first: dict[bytes, str] = {}
    for song in phrases:
        sketch = _sketch(song)
        known = Counter(first[mark] for mark in sketch if mark in first)
        original, shared = known.most_common(1)[0] if known else ("", 0)
        if shared * 2 > len(sketch):
            yield refuse(song.name, f"the same music as {original}", spec)
            continue
        for mark in sketch:
            first.setdefault(mark, song.name)
        yield song


def _sketch(song: Phrases) -> list[bytes]:
    marks = {hashlib.blake2b(bits.tobytes(), digest_size=8).digest() for bits in song.bits}
    return sorted(marks)[:_SKETCH]
