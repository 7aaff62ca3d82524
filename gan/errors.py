"""One exception tree: everything this package raises on purpose is a `GanError`.

The message of a `GanError` is written for the person at the keyboard: one sentence
that says what is wrong and what to do. Command lines print it and exit with code 2;
pages show it in place.
"""


class GanError(Exception):
    """Base of all errors raised on purpose."""


class SpecError(GanError):
    """A roll specification or another configuration is not valid."""


class MidiError(GanError):
    """A MIDI file cannot be read or holds no music that can be used."""


class DataError(GanError):
    """A data folder is missing, empty, or yields no phrases."""


class CheckpointError(GanError):
    """A checkpoint folder is missing, damaged, or was written by something else."""


class LatentError(GanError):
    """A latent vector has the wrong length or values that are not finite."""


class AudioError(GanError):
    """Sound cannot be rendered or encoded."""
