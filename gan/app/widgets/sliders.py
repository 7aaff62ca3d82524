"""The player's latent sliders: what they are called, what they move, where they stand."""

from __future__ import annotations

from dataclasses import replace

from gan.app.live.backend import TEMPERATURE, TOP_P, TRUNCATION, density_id
from gan.app.player.component import Slider
from gan.app.widgets.effects import moves_too
from gan.engine import Engine
from gan.models.ability import Ability
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.phrase import SLIDER_MAX, TRUNCATION_MAX, PhraseState
from gan.sliders.directions import Direction
from gan.spec import RollSpec

CHARACTER = "Character"


def sliders_of(engine: Engine, state: PhraseState) -> tuple[Slider, ...]:
    """How wild the phrase is, the named directions, the principal components."""
    first = Slider(
        id=TRUNCATION,
        label="Wildness",
        value=state.truncation,
        help="How far from the average phrase: 0 is the average, 1 is as in the songs.",
        also="Moves all tracks: low values make phrases alike, high ones wilder.",
        minimum=0.0,
        maximum=TRUNCATION_MAX,
        default=1.0,
        group=CHARACTER,
    )
    drawing = [first]
    if Ability.WRITES_NOTE_BY_NOTE in engine.can:
        drawing += _sampling_sliders(state.sampling)
    rest = tuple(
        _slider_of(direction, state, engine.spec.track_names) for direction in engine.directions
    )
    if Ability.HAS_THRESHOLDS in engine.can:
        rest += _density_sliders(engine.spec, state.sampling)
    return (*drawing, *rest)


def _density_sliders(spec: RollSpec, sampling: Sampling) -> tuple[Slider, ...]:
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
    also = "Moves all tracks, and all that follows a note that has changed."
    daring = Slider(
        id=TEMPERATURE,
        label="Daring",
        value=sampling.temperature,
        help="How daring each note is: 1 is as in the songs it learnt from, below it the likelier "
        "notes, above it rarer ones too.",
        also=also,
        minimum=TEMPERATURE_MIN,
        maximum=TEMPERATURE_MAX,
        default=1.0,
        group=CHARACTER,
    )
    choice = Slider(
        id=TOP_P,
        label="Choice of notes",
        value=sampling.top_p,
        help="Only the likeliest notes that together have this share are ever chosen.",
        also=also,
        minimum=TOP_P_MIN,
        maximum=1.0,
        default=1.0,
        group=CHARACTER,
    )
    return [daring, choice]


def _slider_of(direction: Direction, state: PhraseState, tracks: tuple[str, ...]) -> Slider:
    groups = {"named": "All tracks", "component": "Principal components"}
    slider = Slider(
        id=direction.id,
        label=direction.label,
        value=state.sliders.get(direction.id, 0.0),
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
