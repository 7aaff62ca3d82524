"""Playing something oneself, in the tracks and bars of the phrase on the page."""

from __future__ import annotations

from collections.abc import Callable

from gan.app.history import Session
from gan.app.recorder.component import RecorderData, RecorderTrack, recorder
from gan.engine import Rolls
from gan.music.rolls import notes_from_roll
from gan.music.take import Take, TakeNote
from gan.plots import TRACK_COLOURS
from gan.spec import RollSpec

VELOCITY = 64  # of the phrase under what one plays


def record_panel(
    session: Session,
    spec: RollSpec,
    *,
    on_take: Callable[[Take], None],
    roll: Rolls | None = None,
    key: str = "recorder",
    use: str = "Use it",
) -> Take | None:
    """The recorder with the tracks of `spec`, at the document's tempo; the take that it holds.

    `on_take` is given the take when the button that says `use` is pressed. `roll`,
    `(track, step, pitch, channel)`, can be heard while one plays.
    """
    performance = session.document.performance
    shift = performance.transpose
    tracks = tuple(
        RecorderTrack(
            name=track.name,
            colour=TRACK_COLOURS[index % len(TRACK_COLOURS)],
            is_drum=track.is_drum,
            low=_midi(spec.pitch_min + (0 if track.is_drum else shift)),
            high=_midi(spec.pitch_min + spec.pitches - 1 + (0 if track.is_drum else shift)),
        )
        for index, track in enumerate(spec.tracks)
    )
    data = RecorderData(
        tracks=tracks,
        bars=spec.bars,
        beats_per_bar=spec.beats_per_bar,
        steps_per_beat=spec.steps_per_beat,
        tempo=performance.tempo,
        backing=() if roll is None else backing(roll, spec, transpose=shift),
        use=use,
    )
    return recorder(data, key=key, on_use=on_take)


def backing(roll: Rolls, spec: RollSpec, *, transpose: int = 0) -> tuple[TakeNote, ...]:
    """The notes of a roll in beats, as they are heard; those that leave MIDI's range are not."""
    beat = spec.steps_per_beat
    found = []
    for index, (track, notes) in enumerate(
        zip(spec.tracks, notes_from_roll(roll, spec), strict=True)
    ):
        shift = 0 if track.is_drum else transpose
        for onset, end, pitch in notes.tolist():
            if 0 <= pitch + shift <= 127:
                found.append(TakeNote(index, pitch + shift, onset / beat, end / beat, VELOCITY))
    return tuple(found)


def _midi(pitch: int) -> int:
    return min(max(pitch, 0), 127)
