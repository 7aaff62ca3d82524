"""Pieces that pages share: player data, sliders, downloads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pretty_midi
import streamlit as st

from gan.app.desk import Desk
from gan.app.live.backend import TEMPERATURE, TOP_P, TRUNCATION, density_id
from gan.app.player.component import Grid, PlayerData, PlayerTrack, Slider
from gan.app.widgets.effects import moves_too
from gan.app.widgets.performance import instrument_name, programs_of
from gan.audio.play import stems_of
from gan.audio.render import RATE, Sound, encode_wav, mix, render_stems
from gan.engine import SLIDER_MAX, TRUNCATION_MAX, Engine, PhraseState, Rolls
from gan.models.ability import Ability
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.music.midi import midi_bytes
from gan.music.performance import Performance, perform, seconds
from gan.music.rolls import notes_from_roll
from gan.plots import TRACK_COLOURS
from gan.sliders.directions import Direction
from gan.spec import RollSpec


def track_panel(
    spec: RollSpec, how: Performance, *, point: PhraseState | None
) -> tuple[PlayerTrack, ...]:
    """Tracks as the player shows them; with a point they can be locked and re-rolled."""
    return tuple(
        PlayerTrack(
            name=track.name,
            colour=TRACK_COLOURS[index % len(TRACK_COLOURS)],
            instrument="Drums" if track.is_drum else instrument_name(program),
            program=program,
            is_drum=track.is_drum,
            locked=None if point is None else f"track:{track.name}" in point.locks,
            reroll=point is not None,
        )
        for index, (track, program) in enumerate(
            zip(spec.tracks, programs_of(spec, how), strict=True)
        )
    )


def sliders_of(engine: Engine, point: PhraseState) -> tuple[Slider, ...]:
    """Truncation, the named directions, the principal components."""
    first = Slider(
        id=TRUNCATION,
        label="Truncation",
        value=point.truncation,
        help="How far from the average phrase: 0 is the average, 1 as in the data.",
        also="Moves all tracks: low values make phrases alike, high ones wilder.",
        minimum=0.0,
        maximum=TRUNCATION_MAX,
        default=1.0,
        group="Boldness",
    )
    drawing = [first]
    if Ability.WRITES_NOTE_BY_NOTE in engine.can:
        drawing += _sampling_sliders(point.sampling)
    rest = tuple(
        _slider_of(direction, point, engine.spec.track_names) for direction in engine.directions
    )
    if Ability.HAS_THRESHOLDS in engine.can:
        rest += _fill_sliders(engine.spec, point.sampling)
    return (*drawing, *rest)


def _fill_sliders(spec: RollSpec, sampling: Sampling) -> tuple[Slider, ...]:
    """How likely a note must be to be played, a track each."""
    amounts = sampling.density or (0.0,) * len(spec.tracks)
    return tuple(
        Slider(
            id=density_id(name),
            label=f"{name.capitalize()} fill",
            value=amount,
            help="To the right less likely notes come in too, to the left only the surest stay.",
            also="The other tracks stay as they are.",
            minimum=-1.0,
            maximum=1.0,
            track=name,
            short="Fill",
        )
        for name, amount in zip(spec.track_names, amounts, strict=True)
    )


def _sampling_sliders(sampling: Sampling) -> list[Slider]:
    """How boldly a generator that writes note by note takes its decisions."""
    heat = Slider(
        id=TEMPERATURE,
        label="Temperature",
        value=sampling.temperature,
        help="How daring each note is: 1 as tuned to the songs it learnt from, below it the "
        "likelier notes, above it rarer ones too.",
        also="Moves all tracks, and all that follows a note that has changed.",
        minimum=TEMPERATURE_MIN,
        maximum=TEMPERATURE_MAX,
        default=1.0,
        group="Boldness",
    )
    nucleus = Slider(
        id=TOP_P,
        label="Top p",
        value=sampling.top_p,
        help="Only the likeliest notes that together have this share are ever chosen.",
        also="Moves all tracks, and all that follows a note that has changed.",
        minimum=TOP_P_MIN,
        maximum=1.0,
        default=1.0,
        group="Boldness",
    )
    return [heat, nucleus]


def _slider_of(direction: Direction, point: PhraseState, tracks: tuple[str, ...]) -> Slider:
    groups = {"named": "All tracks", "component": "Principal components"}
    slider = Slider(
        id=direction.id,
        label=direction.label,
        value=point.sliders.get(direction.id, 0.0),
        help=direction.help,
        also=moves_too(direction),
        minimum=-SLIDER_MAX,
        maximum=SLIDER_MAX,
        group=groups.get(direction.kind, direction.kind),
    )
    track = direction.id.split(".")[0]
    if direction.kind != "named" or track not in tracks:
        return slider
    short = direction.label.removeprefix(track.capitalize()).strip().capitalize()
    return replace(slider, track=track, short=short)


def pad_axes(engine: Engine) -> tuple[str, str] | None:
    """Two directions for the XY pad that are easy to hear: how high, and how much."""
    ids = [direction.id for direction in engine.directions]
    first = next((name for name in ids if name.endswith(".register")), None)
    second = next((name for name in reversed(ids) if name.endswith(".notes")), None)
    if first and second:
        return first, second
    return (ids[0], ids[1]) if len(ids) > 1 else None


def grid_of(spec: RollSpec) -> Grid:
    return Grid(
        bars=spec.bars,
        beats_per_bar=spec.beats_per_bar,
        steps_per_beat=spec.steps_per_beat,
        pitch_min=spec.pitch_min,
        pitches=spec.pitches,
    )


def player_data(
    roll: Rolls,
    spec: RollSpec,
    *,
    how: Performance,
    soundfont: str | None,
    tracks: tuple[PlayerTrack, ...],
) -> PlayerData:
    """A phrase with its sound, without latent controls; pages add those by `replace`."""
    programs = ".".join(str(program) for program in programs_of(spec, how))
    return PlayerData(
        notes=tuple(notes_from_roll(roll, spec)),
        tracks=tracks,
        grid=grid_of(spec),
        tempo=how.tempo,
        transpose=how.transpose,
        sound=lambda: stems_of(roll, spec, how=how, soundfont=soundfont),
        sound_key=(
            f"{how.tempo:g}:{how.transpose}:{programs}:{soundfont or ''}"
            f":{how.feel.swing:g}:{how.feel.humanise:g}"
        ),
    )


def heard(desk: Desk, spec: RollSpec) -> Performance:
    """How the phrase is played, without the tracks that are not heard."""
    include = desk.heard(spec.track_names)
    return desk.how if all(include) else replace(desk.how, include=include)


def gains(desk: Desk, spec: RollSpec, how: Performance) -> list[float]:
    """The player's factor of each track that is included."""
    every = desk.gains(spec.track_names)
    include = how.include or (True,) * len(every)
    return [gain for gain, on in zip(every, include, strict=True) if on]


def mixed(midi: pretty_midi.PrettyMIDI, desk: Desk, spec: RollSpec, how: Performance) -> Sound:
    """The phrase as the player mixes it; as long as it is, where it is silent."""
    sound = mix(render_stems(midi, soundfont=desk.soundfont), gains(desk, spec, how))
    if len(sound.samples):
        return sound
    return Sound(np.zeros((round(seconds(spec, how.tempo) * RATE), 2), np.float32), RATE)


def downloads(roll: Rolls, spec: RollSpec, *, desk: Desk, stem: str, recipe: str) -> None:
    """MIDI and WAV of what is heard: muted tracks stay out."""
    how = heard(desk, spec)

    def midi() -> pretty_midi.PrettyMIDI:
        return perform(roll, spec, how, recipe)

    def wav() -> bytes:
        return encode_wav(mixed(midi(), desk, spec, how))

    download("MIDI", lambda: midi_bytes(midi()), name=f"{stem}.mid", mime="audio/midi")
    download("WAV", wav, name=f"{stem}.wav", mime="audio/wav")


def download(label: str, make: Callable[[], bytes], *, name: str, mime: str) -> None:
    st.download_button(
        label, make, file_name=name, mime=mime, on_click="ignore", icon=":material/download:"
    )
