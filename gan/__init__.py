"""Explore the latent space of generators of polyphonic, multi-track music."""

import contextlib
import io

__version__ = "0.1.0"

# pretty_midi imports pyfluidsynth, which prints where it found FluidSynth when CI is set. Imported
# here first, it says nothing; where FluidSynth is missing, `gan.audio.fluid` says what to do.
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
    import fluidsynth  # noqa: F401
