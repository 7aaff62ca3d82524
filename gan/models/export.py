"""A generator as a SavedModel, for TensorFlow Serving and everything else that reads one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from gan.errors import SpecError
from gan.models.autoencoder import Autoencoder
from gan.models.base import Generator


def export(generator: Generator, folder: Path) -> Path:
    """Write `folder/1`, the first version as TensorFlow Serving counts them.

    The signature `serving_default` takes `z` (n, latent_dim) of N(0, 1) and gives
    `probabilities` (n, track, step, pitch, channel); `to_w` takes `z` and gives `w` (n, w_dim),
    and `decode_w` takes `w`, as it is or moved along the checkpoint's directions. Raises
    `SpecError` for a family whose music is not one graph, or where the folder is there already.
    """
    import tensorflow as tf

    if not isinstance(generator, Autoencoder):
        raise SpecError(
            f"A {generator.family} writes note by note outside of a graph and cannot be exported; "
            "gan and vae can."
        )
    target = folder.resolve() / "1"
    if target.exists():
        raise SpecError(f"{target} is there already; give another folder to --export.")
    served = _module(generator)
    signatures = {
        "serving_default": served.serve,
        "to_w": served.to_w,
        "decode_w": served.decode_w,
    }
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as beside:
        tf.saved_model.save(served, f"{beside}/1", signatures=signatures)
        Path(beside, "1").replace(target)
    return target


def _module(generator: Autoencoder) -> Any:
    """Decoder and flow as functions of a module; the encoder stays at home."""
    import tensorflow as tf

    row = tf.TensorSpec((None, generator.latent_dim), tf.float32)
    moved = tf.TensorSpec((None, generator.w_dim), tf.float32, name="w")
    thresholds = generator.onset_thresholds, generator.hold_thresholds

    class Served(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.variables_held = [
                variable.value
                for model in (generator.decoder, generator.prior)
                for variable in model.variables
            ]

        @tf.function(input_signature=[tf.TensorSpec(row.shape, tf.float32, name="z")])
        def serve(self, z: tf.Tensor) -> dict[str, tf.Tensor]:
            return dict(self.decode_w(self.to_w(z)["w"]))

        @tf.function(input_signature=[tf.TensorSpec(row.shape, tf.float32, name="z")])
        def to_w(self, z: tf.Tensor) -> dict[str, tf.Tensor]:
            w = generator.decoder.to_w(generator.prior.to_latent(z))
            return {"w": tf.pad(w, ((0, 0), (0, len(generator.tilt_names))))}

        @tf.function(input_signature=[moved])
        def decode_w(self, w: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"probabilities": generator.tilted_probabilities(w, *thresholds)}

    return Served()
