"""A piano roll as a PNG file, drawn without a browser."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from gan.music.rolls import notes_from_roll
from gan.plot_style import ink, track_colour
from gan.spec import SOUNDING, RollSpec

STEP, ROW, EDGE = 18, 9, 24  # pixels


def roll_png(
    roll: NDArray[np.uint8], spec: RollSpec, *, transpose: int = 0, dark: bool = False
) -> bytes:
    """The roll `(track, step, pitch, 2)` with bars, beats and octaves, cropped to its notes.

    Octaves are named as they sound: `transpose` semitones above the roll.
    """
    inks = ink(dark)
    tracks = notes_from_roll(roll, spec)
    pitches = [int(pitch) for notes in tracks for pitch in notes[:, 2]]
    low, high = (min(pitches) - 2, max(pitches) + 2) if pitches else (60, 72)
    width, height = spec.steps * STEP + 2 * EDGE, (high - low + 1) * ROW + 2 * EDGE
    image = Image.new("RGB", (width, height), inks.page)
    pen = ImageDraw.Draw(image)

    def top(pitch: int) -> int:
        return EDGE + (high - pitch) * ROW

    for step in range(0, spec.steps + 1, spec.steps_per_beat):
        colour = inks.bar if step % spec.steps_per_bar == 0 else inks.beat
        pen.line([EDGE + step * STEP, EDGE, EDGE + step * STEP, height - EDGE], colour)
    for pitch in range(low, high + 1):
        octave, within = divmod(pitch + transpose, 12)
        if within == 0:
            pen.line([EDGE, top(pitch) + ROW, width - EDGE, top(pitch) + ROW], inks.octave)
            pen.text((3, top(pitch) - 2), f"C{octave - 1}", inks.text)
    for index in reversed(range(len(tracks))):
        for onset, end, pitch in tracks[index].tolist():
            box = [
                EDGE + onset * STEP + 1, top(pitch) + 1,
                EDGE + end * STEP - 2, top(pitch) + ROW - 1,
            ]  # fmt: skip
            pen.rectangle(box, track_colour(index))
    for index, track in enumerate(spec.tracks):
        at = (EDGE + index * 130, 5)
        pen.rectangle([at[0], at[1] + 2, at[0] + 9, at[1] + 11], track_colour(index))
        pen.text((at[0] + 14, at[1]), track.name.capitalize(), inks.text)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def thumbnail_png(roll: NDArray[np.uint8], spec: RollSpec, *, height: int = 48) -> bytes:
    """The roll as a small picture without words: a pixel a step and pitch, its notes only."""
    sounding = roll[..., SOUNDING].astype(bool)
    pitches = np.flatnonzero(sounding.any(axis=(0, 1)))
    low, high = (pitches[0], pitches[-1] + 1) if len(pitches) else (0, 1)
    cells = np.zeros((high - low, spec.steps, 4), np.uint8)
    for index in reversed(range(len(spec.tracks))):
        colour = (*ImageColor.getrgb(track_colour(index)), 255)
        cells[sounding[index, :, low:high].T] = colour
    image = Image.fromarray(cells[::-1]).resize((2 * spec.steps, height), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
