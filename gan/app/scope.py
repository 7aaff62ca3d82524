"""What a document may refer to in a generator, and a document without what is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gan.app.document import Document
from gan.audio.mix import Mix, with_loop
from gan.models.checkpoint import CheckpointInfo
from gan.models.config import latent_dim
from gan.models.noise_layout import full_latent_dim
from gan.models.statistics import tilt_names
from gan.music.edits import fits
from gan.music.parts import lockable_parts
from gan.music.performance import Performance
from gan.phrase import PhraseState
from gan.sliders.directions import Direction
from gan.sliders.store import usable_directions
from gan.spec import RollSpec

T = TypeVar("T")


@dataclass(frozen=True)
class Scope:
    """What a document may refer to in a generator."""

    spec: RollSpec
    sliders: Sequence[str]
    latent_dim: int

    @property
    def parts(self) -> list[str]:
        """Parts of the latent of which there are other takes: tracks and bars."""
        tracks = [f"track:{name}" for name in self.spec.track_names]
        return tracks + [f"bar:{bar}" for bar in range(self.spec.bars)]


def scope_of(info: CheckpointInfo) -> Scope:
    """The scope of a checkpoint; read from its folder, without Keras."""
    full = full_latent_dim(info.family, info.spec, info.model)
    return Scope(info.spec, [direction.id for direction in stored_directions(info)], full)


def stored_directions(info: CheckpointInfo) -> list[Direction]:
    """The sliders' directions in a checkpoint's folder; none where they are damaged."""
    size = latent_dim(info.spec, info.model)
    return usable_directions(info, size, tilt_names(info.spec, info.family))


def fitted(document: Document, scope: Scope) -> tuple[Document, list[str]]:
    """The document without what the generator does not have, and names of that."""
    ignored: list[str] = []

    def phrase(state: PhraseState) -> PhraseState:
        locks = {name: replace(at, locks={}) for name, at in state.locks.items()}
        known = _known(locks, lockable_parts(scope.spec), "the lock of", ignored)
        bare = _fitted_phrase(replace(state, locks={}), scope, ignored)
        return replace(
            bare, locks={name: _fitted_phrase(at, scope, ignored) for name, at in known.items()}
        )

    walk = document.walk
    fresh = replace(
        document,
        phrase=phrase(document.phrase),
        performance=_fitted_performance(document.performance, scope.spec, ignored),
        mix=_fitted_mix(document.mix, scope.spec),
        walk=replace(
            walk,
            start=None if walk.start is None else phrase(walk.start),
            end=phrase(walk.end),
        ),
    )
    return fresh, list(dict.fromkeys(ignored))


def _known(
    values: Mapping[str, T], names: Sequence[str] | Mapping[str, Any], what: str, ignored: list[str]
) -> dict[str, T]:
    ignored += [f"{what} {name[:40]}" for name in values if name not in names]
    return {name: value for name, value in values.items() if name in names}


def _fitted_phrase(state: PhraseState, scope: Scope, ignored: list[str]) -> PhraseState:
    spec = scope.spec
    z, sampling = state.z, state.sampling
    if z is not None and len(z) != scope.latent_dim:
        ignored.append("a latent of another generator")
        z = None
    if sampling.density and len(sampling.density) != len(spec.tracks):
        ignored.append("densities of other tracks")
        sampling = replace(sampling, density=())
    edits = tuple(edit for edit in state.edits if fits(edit, spec))
    if len(edits) < len(state.edits):
        ignored.append("notes outside of the roll")
    return replace(
        state,
        sliders=_known(state.sliders, scope.sliders, "the slider", ignored),
        takes=_known(state.takes, scope.parts, "another take of", ignored),
        z=z,
        sampling=sampling,
        edits=edits,
    )


def _fitted_performance(how: Performance, spec: RollSpec, ignored: list[str]) -> Performance:
    if how.programs is not None and len(how.programs) != len(spec.tracks):
        ignored.append("instruments of other tracks")
        return replace(how, programs=None)
    return how


def _fitted_mix(mix: Mix, spec: RollSpec) -> Mix:
    """Tracks that are there, and a region that lies in the phrase."""
    tracks = {name: level for name, level in mix.tracks.items() if name in spec.track_names}
    return with_loop(replace(mix, tracks=tracks), (mix.loop_start, mix.loop_end), spec.steps)
