"""What was understood of a user's piece, in plain sentences for a page or a terminal."""

from __future__ import annotations

from gan.data.own import Arranged, Excerpt
from gan.data.own_plain import Found, Understood
from gan.data.own_tracks import LEFT_OUT, Split, Voices
from gan.music.keys import Key
from gan.spec import RollSpec

_NOTES = ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B")


def pitch_name(pitch: int) -> str:
    """The name of a MIDI pitch: 60 is C4."""
    return f"{_NOTES[pitch % 12]}{pitch // 12 - 1}"


def key_words(key: Key) -> str:
    """A key in words: "E♭ major"."""
    return f"{_NOTES[key.tonic % 12]} {'minor' if key.minor else 'major'}"


def headline(understood: Understood) -> str:
    """The piece in one line: tempo, meter, key, size."""
    tempos = [tempo for _, tempo in understood.tempos]
    low, high = round(min(tempos, default=0)), round(max(tempos, default=0))
    steady = len(tempos) < 2 or low == high
    tempo = f"{understood.tempo:.0f} bpm" if steady else f"{low} to {high} bpm"
    meters = understood.meters if not understood.listened else ()
    parts = [
        tempo,
        ", ".join(meters[:3]) + (" …" if len(meters) > 3 else ""),
        key_words(understood.key) if understood.key else "as written",
        _count(understood.bars, "bar"),
        _count(len(understood.instruments), "instrument"),
        _count(understood.read, "note"),
    ]
    return " · ".join(part for part in parts if part)


def sentences(understood: Understood, spec: RollSpec) -> list[str]:
    """All that is to be known of how the piece was read, one thought each."""
    told = [_time(understood, spec), _key(understood), _rounding(understood)]
    told += [_bars(understood, spec), _notes(understood), *_changes(understood)]
    return [sentence for sentence in told if sentence]


def placed(found: Found) -> str:
    """Where an instrument went, and why."""
    place = found.place
    if isinstance(place, Split):
        where = f"{place.high} from {pitch_name(place.at)} up, {place.low} below"
    elif isinstance(place, Voices):
        where = ", ".join(place.tracks)
    else:
        where = "left out" if place == LEFT_OUT else place
    return f"{found.label} ({_count(found.notes, 'note')}) → {where}. {found.why}"


def excerpt_words(part: Excerpt, arranged: Arranged) -> list[str]:
    """What of these bars lies outside of what the generator can say."""
    told = []
    if part.off:
        told.append(
            f"{_count(part.off, 'note')} of these bars {_lie(part.off)} between the generator's "
            "steps (triplets, say) and went to the nearest one."
        )
    if part.ringing:
        told.append(
            f"{_count(part.ringing, 'note')} from the bar before would ring on into "
            "these bars and cannot."
        )
    left = [one.label for one in arranged.understood.instruments if one.place == LEFT_OUT]
    if left:
        told.append(f"Left out: {', '.join(left)}.")
    return told


def report(arranged: Arranged) -> list[str]:
    """Everything as lines for a terminal."""
    understood = arranged.understood
    lines = [f"{understood.name}: {headline(understood)}"]
    lines += [f"  {placed(one)}" for one in understood.instruments]
    return lines + [f"  {sentence}" for sentence in sentences(understood, arranged.spec)]


def _time(understood: Understood, spec: RollSpec) -> str:
    bar = spec.beats_per_bar
    if understood.listened:
        why = (
            "The file counts seconds and not beats"
            if understood.timed
            else "The notes do not follow the file's own beat"
        )
        return (
            f"{why}, so the beats were estimated: {understood.tempo:.0f} a minute. If you count "
            "twice or half as fast, set the tempo; if bars begin elsewhere, move the bar lines."
        )
    if understood.regular:
        meters = " and ".join(understood.meters[:3])
        return (
            f"It is in {meters}, and this generator writes bars of {bar} quarters: its beats are "
            f"counted in {bar}, so that bar lines fall elsewhere than yours. A generator of that "
            "meter would keep them."
        )
    if len(understood.tempos) > 1:
        changes = len(understood.tempos) - 1
        return (
            f"The tempo changes {_times(changes)}; each four bars are played at the mean of their "
            "own."
        )
    return ""


def _key(understood: Understood) -> str:
    if understood.key is None:
        return "It is taken as written, whatever its key."
    sure = (
        "certainly" if understood.sure > 0.97 else
        "probably" if understood.sure > 0.75 else "perhaps"
    )  # fmt: skip
    more = f", with {_count(understood.keys - 1, 'other key')}" if understood.keys > 1 else ""
    return (
        f"It is {sure} in {key_words(understood.key)} or its relative ({understood.sure:.0%}){more}"
        "; the generator sees it in C major or A minor, and you hear it as it was."
    )


def _rounding(understood: Understood) -> str:
    rounding = understood.rounding
    if not rounding.onsets:
        return ""
    if rounding.max_ms < 1:
        return "All notes begin exactly on the grid."
    triplets = (
        "It is mostly in triplets, which the grid does not have. " if rounding.triplets else ""
    )
    far = (
        f" {_count(rounding.off, 'note')} moved by a quarter of a step or more."
        if rounding.off
        else ""
    )
    return (
        f"{triplets}Notes were moved to the nearest step, by {rounding.mean_ms:.0f} ms on average "
        f"({rounding.mean_steps:.0%} of a step) and {rounding.max_ms:.0f} ms at most.{far}"
    )


def _bars(understood: Understood, spec: RollSpec) -> str:
    odd = understood.bars - understood.fitting
    if not odd:
        return ""
    return (
        f"{_count(odd, 'bar')} of {understood.bars} {'is' if odd == 1 else 'are'} in no row of "
        f"{spec.bars} whole bars of {spec.beats_per_bar}/4 and cannot be chosen."
    )


def _notes(understood: Understood) -> str:
    if not understood.dropped:
        return f"All {_count(understood.read, 'note')} were taken."
    why = ", ".join(f"{count:,} {reason}" for reason, count in understood.dropped.items())
    return (
        f"{understood.taken:,} of {_count(understood.read, 'note')} were taken; not taken: {why}."
    )


def _changes(understood: Understood) -> list[str]:
    told = []
    if understood.moved:
        told.append(f"{_count(understood.moved, 'note')} out of range moved by octaves.")
    if understood.shortened:
        told.append(
            f"{_count(understood.shortened, 'note')} cut short where the next one of the same "
            "track or pitch begins."
        )
    if understood.unreleased:
        told.append(
            f"{_count(understood.unreleased, 'note')} never released in the file; they end with "
            "the next release of their pitch, or after a beat."
        )
    return told


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _lie(number: int) -> str:
    return "lies" if number == 1 else "lie"
