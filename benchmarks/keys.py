"""How often the right key is found: music21's chorales and POP909 against what is known of them.

    python benchmarks/keys.py [--pop909 FOLDER]

Right means the right transposition: C major and A minor are moved alike. A chorale's key is
that of its signature, told where the last bass note is the tonic of it or of its relative (in
Bach's time many signatures had a flat less). A song's key is the annotated one that lasts
longest, and of phrases the one that holds there. The first row is what came before: the
correlation of all durations with Krumhansl and Kessler's profiles.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gan.data import bach, pop909  # noqa: E402
from gan.data.phrases import KeySpan, Song, key_at  # noqa: E402
from gan.errors import GanError  # noqa: E402
from gan.music.keys import (  # noqa: E402
    Key,
    estimate_key,
    heard_in_bars,
    key_profile,
    keys_of_bars,
    last_bass,
    shift_to_c,
)

KEYS = [Key(tonic, minor) for minor in (False, True) for tonic in range(12)]
Finder = Callable[[Song], list[Key]]
"""From a song to the key of each bar."""


def by_profile(song: Song) -> list[Key]:
    """Durations over the whole song, correlated with Krumhansl and Kessler's profiles."""
    heard = np.zeros(12)
    for notes in song.tracks:
        heard += np.bincount(notes[:, 2] % 12, weights=notes[:, 1] - notes[:, 0], minlength=12)
    scores = [key_profile(key) @ (heard - heard.mean()) for key in KEYS]
    return [KEYS[int(np.argmax(scores))]] * (len(song.bar_starts) - 1)


def by_presence(song: Song) -> list[Key]:
    """What sounds in each bar (Temperley), and the last bass note; one key a song."""
    heard = heard_in_bars(song.tracks, song.bar_starts)
    return [estimate_key(heard, last_bass(song.tracks))] * len(heard)


def bar_by_bar(song: Song) -> list[Key]:
    """The same with changes of key: what is used."""
    return keys_of_bars(heard_in_bars(song.tracks, song.bar_starts), last_bass(song.tracks))[0]


FINDERS: dict[str, Finder] = {
    "durations, Krumhansl and Kessler": by_profile,
    "bars, Temperley, last bass": by_presence,
    "... and changes of key": bar_by_bar,
}


def chorale(path: Path) -> tuple[Song, tuple[KeySpan, ...]] | None:
    """A chorale and the key of its signature; None where that is not told or not in four."""
    try:
        song = bach.read_song(path, path.name)
    except GanError:
        return None
    signs = bach.parse_score(path).parts[0].recurse().getElementsByClass("KeySignature")
    sharps = {sign.sharps for sign in signs}
    if len(sharps) != 1:
        return None
    key = Key(7 * sharps.pop() % 12)
    if last_bass(song.tracks) not in (key.tonic, (key.tonic + 9) % 12):
        return None
    return song, (KeySpan(0, float(song.bar_starts[-1]), key),)


def pop_song(folder: Path) -> tuple[Song, tuple[KeySpan, ...]] | None:
    try:
        song = pop909.read_song(folder, folder.name)
    except GanError:
        return None
    return (song, song.keys) if song.keys else None


def measure(name: str, found: list[tuple[Song, tuple[KeySpan, ...]]]) -> None:
    print(f"{name}: {len(found)} pieces, share with the right transposition")
    for finder, keys_of in FINDERS.items():
        songs, phrases = [], []
        for song, known in found:
            keys = keys_of(song)
            songs.append(shift_to_c(most(keys)) == shift_to_c(longest(known)))
            phrases += list(phrases_right(song, keys, known))
        print(f"  {finder:<34} songs {np.mean(songs):7.1%}   phrases {np.mean(phrases):7.1%}")


def phrases_right(song: Song, keys: list[Key], known: tuple[KeySpan, ...]) -> Iterator[bool]:
    for bar in range(0, len(keys) - 3, 2):
        begin, end = song.bar_starts[bar], song.bar_starts[bar + 4]
        right = key_at(known, int(begin), int(end))
        yield shift_to_c(most(keys[bar : bar + 4])) == shift_to_c(right)


def most(keys: list[Key]) -> Key:
    return max(dict.fromkeys(keys), key=keys.count)


def longest(spans: tuple[KeySpan, ...]) -> Key:
    keys = dict.fromkeys(span.key for span in spans)
    return max(keys, key=lambda key: sum(s.end - s.start for s in spans if s.key == key))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pop909", type=Path, help="its folder of songs, where you have it")
    options = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        files = bach.chorale_files(bach.corpus_folder())
        measure("Chorales in four", [one for one in pool.map(chorale, files, chunksize=8) if one])
        if options.pop909:
            folders = pop909.song_folders(options.pop909)
            found = [one for one in pool.map(pop_song, folders, chunksize=8) if one]
            measure("POP909", found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
