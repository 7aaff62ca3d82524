"""Walks between phrases that are written note by note.

Written anew at each position, phrases of a walk are each music and have nothing to do with one
another: one decision that falls out differently turns all that follow into another piece. Here
the phrase in the middle is written first. From there on to both ends, each phrase is written so
that it keeps to the one before it, and ever more to the notes of its end (`event_reference`). So
each position is written by the model, with the plan and the noise of its place, and a sixteenth
of the way changes what it must.

A position depends on both ends alone, and walks there and back are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gan.models.event_reference import Reference
from gan.models.paths import slerp
from gan.music.events import Events
from gan.spec import RollSpec

Floats = NDArray[np.float32]
Write = Callable[[Floats, Sequence[Reference]], tuple[Events, Floats]]
"""Latents `(n, latent_dim)` and what to keep to, `n` phrases each -> phrases as they were
written, and the latents that write them by themselves."""

STEPS = 8  # from the middle to an end
KEEP = 4.0  # nats to the phrase before
FIRST, LAST = 3.0, 7.5  # nats to the end, in the middle and there


def walk(write: Write, a: Floats, b: Floats, at: NDArray[np.floating], spec: RollSpec) -> Floats:
    """Latents at the positions `at` (m,), 0 to 1, from each of `a` to each of `b`.

    Both `(n, latent_dim)`; the result is `(n, m, latent_dim)`.
    """
    # Both halves side by side: from `a` to the middle, and from `b`.
    here, there = np.concatenate([a, b]), np.concatenate([b, a])
    ends, _ = write(here, [])

    def latents(far: float) -> Floats:
        """Those at `far`, 0 in the middle to 1 at the ends, `(2 n, latent_dim)`."""
        position = np.array([(1.0 - far) / 2.0])
        return np.concatenate([slerp(x, y, position) for x, y in zip(here, there, strict=True)])

    def written(far: float, before: Events) -> tuple[Events, Floats]:
        weight = FIRST + (LAST - FIRST) * far
        near = [Reference(before, KEEP, spec), Reference(ends, weight, spec)]
        return write(latents(far), near)

    # Rounded, so that the way back meets the very same positions.
    fars = [round(abs(2.0 * float(each) - 1.0), 9) for each in at]
    events, z = write(latents(0.0), [])
    found = {0.0: z, 1.0: here}
    for step in range(STEPS):
        between = [far for far in fars if step < STEPS * far < step + 1]
        found |= {far: written(far, events)[1] for far in between}
        if max(fars) * STEPS < step + 1 or step + 1 == STEPS:
            break
        events, found[(step + 1) / STEPS] = written((step + 1) / STEPS, events)
    halves = [np.split(found[far], 2)[int(each > 0.5)] for far, each in zip(fars, at, strict=True)]
    return np.stack(halves, axis=1)
