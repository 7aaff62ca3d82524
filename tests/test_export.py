"""An exported generator gives what the checkpoint gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny

from gan.errors import SpecError
from gan.models.export import export
from gan.models.registry import build


def test_the_export_equals_the_checkpoint(tmp_path: Path) -> None:
    import tensorflow as tf

    generator = build("gan", tiny.SPEC, tiny.MODEL)
    generator.set_weights(tiny.lively(generator.weights(), np.random.default_rng(0)))
    z = generator.sample_latent(5, seed=1)
    path = export(generator, tmp_path / "served")
    signatures = tf.saved_model.load(str(path)).signatures
    served = signatures["serving_default"](z=tf.constant(z))["probabilities"].numpy()
    np.testing.assert_allclose(served, generator.decode(z), atol=1e-5)
    w = signatures["to_w"](z=tf.constant(z))["w"].numpy()
    np.testing.assert_allclose(w, generator.to_w(z), atol=1e-5)
    moved = w + 0.5
    served = signatures["decode_w"](w=tf.constant(moved))["probabilities"].numpy()
    np.testing.assert_allclose(served, generator.decode_w(moved), atol=1e-5)
    with pytest.raises(SpecError, match="there already"):
        export(generator, tmp_path / "served")


def test_a_transformer_says_why_not(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="note by note"):
        export(build("transformer", tiny.SPEC, tiny.MODEL), tmp_path / "x")
    assert not (tmp_path / "x").exists()
