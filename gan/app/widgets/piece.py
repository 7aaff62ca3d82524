"""A roll on a page: seen and heard in the player, as the session's document has it played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gan.app.document import Document
from gan.app.history import Session
from gan.app.player.component import Grid, Play, PlayerData, PlayerTrack, player
from gan.app.widgets.performance import instrument_name, programs_of
from gan.audio.mix import Loop, Mix, with_loop
from gan.audio.play import play
from gan.engine import Rolls
from gan.music.performance import Performance
from gan.music.rolls import notes_from_roll, roll_from_notes
from gan.phrase import PhraseState
from gan.plots import TRACK_COLOURS
from gan.spec import RollSpec


@dataclass(frozen=True)
class Piece:
    """Music of any length, `(track, step, pitch, channel)`, with its spec and a file name.

    `markers` name sections by the bar, counted from 0, at which they begin.
    """

    roll: Rolls
    spec: RollSpec
    name: str
    markers: tuple[tuple[int, str], ...] = ()


def track_panel(
    spec: RollSpec, performance: Performance, state: PhraseState | None = None
) -> tuple[PlayerTrack, ...]:
    """Tracks as the player shows them; those of a state can be locked and drawn again."""
    return tuple(
        PlayerTrack(
            name=track.name,
            colour=TRACK_COLOURS[index % len(TRACK_COLOURS)],
            instrument="Drums" if track.is_drum else instrument_name(program),
            program=program,
            is_drum=track.is_drum,
            locked=None if state is None else f"track:{track.name}" in state.locks,
            reroll=state is not None,
        )
        for index, (track, program) in enumerate(
            zip(spec.tracks, programs_of(spec, performance), strict=True)
        )
    )


def player_data(
    piece: Piece, performance: Performance, mix: Mix, *, state: PhraseState | None = None
) -> PlayerData:
    """A piece with its sound, without latent controls; pages add those by `replace`."""
    spec = piece.spec
    programs = ".".join(str(program) for program in programs_of(spec, performance))
    feel = performance.feel
    return PlayerData(
        notes=tuple(notes_from_roll(piece.roll, spec)),
        tracks=track_panel(spec, performance, state),
        grid=Grid(
            bars=spec.bars,
            beats_per_bar=spec.beats_per_bar,
            steps_per_beat=spec.steps_per_beat,
            pitch_min=spec.pitch_min,
            pitches=spec.pitches,
        ),
        tempo=performance.tempo,
        transpose=performance.transpose,
        transport=True,
        mix=mix,
        sound=lambda: play(piece.roll, spec, performance),
        sound_key=(
            f"{performance.tempo:g}:{performance.transpose}:{programs}:{performance.soundfont}"
            f":{feel.swing:g}:{feel.humanise:g}"
        ),
    )


def show_piece(
    session: Session,
    piece: Piece,
    *,
    key: str,
    loop: Loop = (0, None),
    on_loop: Callable[[Loop], None] | None = None,
) -> None:
    """The player for a piece without latent controls; what is mixed there is the document's.

    `loop` is the region of this piece, and `on_loop` is told another one that the user chooses.
    """
    document = session.document
    shown = with_loop(document.mix, loop, piece.spec.steps)

    def take_mix(mix: Mix) -> None:
        take_levels(session, mix)
        region = mix.loop_start, mix.loop_end
        if on_loop is not None and region != (shown.loop_start, shown.loop_end):
            on_loop(region)

    player(
        player_data(piece, document.performance, shown),
        key=key,
        on_mix=take_mix,
        on_play=lambda chosen: take_play(session, chosen),
    )


def waiting_data(spec: RollSpec, document: Document) -> PlayerData:
    """No phrase yet; a player that shows it from before a restart of the server keeps it."""
    none = np.zeros((0, 3), np.int32)
    roll = roll_from_notes([none] * len(spec.tracks), spec)
    data = player_data(Piece(roll, spec, ""), document.performance, document.mix)
    return replace(data, sound=None, preview=True)


def take_play(session: Session, chosen: Play) -> None:
    """Tempo and key from the player's transport."""
    now = session.document.performance
    performance = replace(now, tempo=chosen.tempo, transpose=chosen.transpose)
    gesture = "tempo" if chosen.tempo != now.tempo else "key"
    session.change(performance=performance, gesture=gesture)


def take_levels(session: Session, mix: Mix) -> None:
    """Levels, loop and pad of the player; the region is of another piece than the phrase."""
    now = session.document.mix
    fresh = replace(mix, loop_start=now.loop_start, loop_end=now.loop_end)
    session.change(mix=fresh, gesture="mix")
