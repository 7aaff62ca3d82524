"""Building blocks shared by decoder, encoder and discriminator."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

Tensor = Any  # a tensor of whichever backend Keras runs on


class Composite(layers.Layer):
    """A layer made of layers."""

    def build(self, *_shapes: Any, **_named: Any) -> None:
        """Nothing of its own: the inner layers build themselves at the first call.

        Without this, Keras would trace every layer once for each layer around it.
        """
        self.built = True


class Network(keras.Model):
    """A model made of layers."""

    def build(self, *_shapes: Any, **_named: Any) -> None:
        """Nothing of its own: the inner layers build themselves at the first call.

        Without this, Keras would trace every layer once for each layer around it.
        """
        self.built = True


class Attention(Composite):
    """Multi-head self-attention over axis 1 of `(batch, token, width)`."""

    def __init__(self, width: int, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.head_width = width // heads
        self.qkv = layers.Dense(3 * width, use_bias=False, name="qkv")
        self.out = layers.Dense(width, name="out")

    def call(self, x: Tensor) -> Tensor:
        length = x.shape[1]
        qkv = ops.reshape(self.qkv(x), (-1, length, 3, self.heads, self.head_width))
        q, k, v = (ops.transpose(qkv[:, :, i], (0, 2, 1, 3)) for i in range(3))
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / self.head_width**0.5
        mixed = ops.matmul(ops.softmax(scores), v)
        mixed = ops.transpose(mixed, (0, 2, 1, 3))
        return self.out(ops.reshape(mixed, (-1, length, self.heads * self.head_width)))


class Block(Composite):
    """Pre-norm transformer block; with a condition, its norms are adaptive (AdaLN).

    The condition `(batch, features)` sets scale and shift of both norms, as in
    "Scalable Diffusion Models with Transformers" (Peebles and Xie 2023). The maps start
    at zero, so a fresh block treats every condition alike.
    """

    def __init__(
        self, width: int, heads: int, *, conditioned: bool, mlp_ratio: int = 2, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.norm1 = layers.LayerNormalization(center=not conditioned, scale=not conditioned)
        self.norm2 = layers.LayerNormalization(center=not conditioned, scale=not conditioned)
        self.attention = Attention(width, heads)
        self.mlp_in = layers.Dense(mlp_ratio * width, activation=gelu)
        self.mlp_out = layers.Dense(width)
        self.modulation = (
            layers.Dense(4 * width, kernel_initializer="zeros") if conditioned else None
        )

    def call(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        if self.modulation is None:
            x = x + self.attention(self.norm1(x))
            return x + self.mlp_out(self.mlp_in(self.norm2(x)))
        scales = ops.split(self.modulation(condition)[:, None, :], 4, axis=-1)
        x = x + self.attention(self.norm1(x) * (1 + scales[0]) + scales[1])
        return x + self.mlp_out(self.mlp_in(self.norm2(x) * (1 + scales[2]) + scales[3]))


class PartMap(Composite):
    """Mapping network of one latent part, `w = z + mlp(z)`.

    A mapping network lets the space bend towards the data (StyleGAN, Karras et al. 2019);
    the skip keeps a fresh one close to the identity, so that an encoder can aim at it.
    """

    def __init__(self, size: int, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = layers.Dense(hidden, activation=gelu)
        self.outer = layers.Dense(size, kernel_initializer=keras.initializers.RandomNormal(0.02))

    def call(self, z: Tensor) -> Tensor:
        return z + self.outer(self.inner(z))


class StepConv(Composite):
    """Residual 1-D convolution over steps, kernel 3, on `(batch, step, width)`."""

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm = layers.LayerNormalization()
        self.conv = layers.Conv1D(width, 3, padding="same", activation=gelu)
        self.out = layers.Dense(width)

    def call(self, x: Tensor) -> Tensor:
        return x + self.out(self.conv(self.norm(x)))


def gelu(x: Tensor) -> Tensor:
    """GELU in its tanh form, the cheaper one on CPU (Hendrycks and Gimpel 2016)."""
    return ops.gelu(x, approximate=True)
