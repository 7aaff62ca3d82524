"""From an encoder's first guess to the z that writes a phrase best.

An encoder sees each phrase once and must be right for all of them; a few steps of gradient
descent on z itself close most of what it leaves open (semi-amortised inference: Kim et al.
2018; for images, Zhu et al. 2016).

In two stages: first towards probabilities that make the phrase likely, for they say the way from
anywhere; then towards decisions that are the phrase's, for those are what is heard.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gan.models.base import Floats

STEPS = 50  # of each stage
LIKELY_RATE, HEARD_RATE = 0.1, 0.05
SHARPNESS = 2.0  # that logits are multiplied by in the second stage, nearer to decisions
MISSES = 200.0  # weight of what is missed in the second, a number from 0 to 2
PRIOR = 0.05
"""Weight of the prior's |z|^2 / 2 against the nats of the phrase, or what is missed.

At 1 the result would be the posterior's mode, which is nearer to the middle than samples are;
here the length of z ends about where it began, so that sliders act as they do on samples.
"""


def descend(
    gradient: Callable[[Floats], Floats],
    z: Floats,
    *,
    rate: float,
    steps: int = STEPS,
    after: Callable[[int, Floats], None] | None = None,
) -> Floats:
    """`steps` of Adam (Kingma and Ba 2015) from z `(n, latent_dim)`; each phrase by itself.

    `after` is told the number of each step, from 1, and the z that it led to.
    """
    z = z.astype(np.float32)
    mean, square = np.zeros_like(z), np.zeros_like(z)
    for step in range(1, steps + 1):
        slope = gradient(z)
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        scale = np.sqrt(square / (1.0 - 0.99**step)) + 1e-8
        z = z - rate * mean / (1.0 - 0.9**step) / scale
        if after is not None:
            after(step, z)
    return z
