"""The player's latent sliders: what they are called, what they move, where they stand."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor

from gan.app.live.backend import TEMPERATURE, TOP_P, TRUNCATION, density_id
from gan.app.player.component import Slider
from gan.app.widgets.effects import moves_too
from gan.engine import Engine
from gan.models.ability import Ability
from gan.models.sampling import TEMPERATURE_MAX, TEMPERATURE_MIN, TOP_P_MIN, Sampling
from gan.phrase import TRUNCATION_MAX, PhraseState
from gan.sliders.directions import Direction
from gan.spec import RollSpec

CHARACTER = "Character"
EARLIER = "Moved by an earlier link"


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
        _slider_of(direction, state)
        for direction in engine.directions
        if direction.offered or state.sliders.get(direction.id)
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


def _slider_of(direction: Direction, state: PhraseState) -> Slider:
    groups = {"named": "All tracks", "component": "Principal components"}
    group = groups.get(direction.kind, direction.kind) if direction.offered else EARLIER
    # A link may move a slider further than it goes: it plays what it always did, and the slider
    # shows where that is.
    value = state.sliders.get(direction.id, 0.0)
    slider = Slider(
        id=direction.id,
        label=direction.label,
        value=value,
        help=direction.help,
        also=moves_too(direction),
        minimum=min(direction.low, floor(2.0 * value) / 2.0),
        maximum=max(direction.high, ceil(2.0 * value) / 2.0),
        group=group,
    )
    track = direction.owner
    if direction.kind != "named" or not track:
        return slider
    short = direction.label.removeprefix(track.capitalize()).strip().capitalize()
    return replace(slider, track=track, short=short)


def pad_axes(engine: Engine) -> tuple[str, str] | None:
    """Two directions for the XY pad that are easy to hear: how high, and how much."""
    shown = [direction for direction in engine.directions if direction.offered]
    first = [each.id for each in shown if each.measure.endswith(".register")]
    second = [each.id for each in shown if each.measure.endswith(".notes")]
    if first and second:
        return first[0], second[-1]
    return (shown[0].id, shown[1].id) if len(shown) > 1 else None
