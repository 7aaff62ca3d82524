"""What else a slider moves, in words."""

from __future__ import annotations

from gan.sliders.directions import Direction

SIDE_EFFECT = 0.3  # of a standard deviation; what a slider moves less than this is not named
NAMED = 3  # side effects at most, the strongest

# What more of a measure is called, and what less of it.
WORDS = {
    "notes": ("more notes", "fewer notes"),
    "note_length": ("longer notes", "shorter notes"),
    "register": ("higher", "lower"),
    "range": ("a wider range", "a narrower range"),
    "polyphony": ("more notes at once", "fewer notes at once"),
    "chords": ("more chords", "fewer chords"),
    "pitch_classes": ("more different notes", "fewer different notes"),
    "empty_bars": ("more empty bars", "fewer empty bars"),
    "off_sixteenth": ("more syncopated", "less syncopated"),
    "on_beat": ("more on the beat", "less on the beat"),
    "qualified": ("fewer very short notes", "more very short notes"),
    "repetition": ("repeats more", "repeats less"),
    "rhythm_repetition": ("steadier in rhythm", "less steady in rhythm"),
    "bass_motion": ("the bass moves more", "the bass moves less"),
    "in_scale": ("more in the scale", "less in the scale"),
    "melody_in_chord": ("the melody nearer to the chords", "the melody further from the chords"),
    "minorness": ("more minor", "more major"),
    "pitch_class_entropy": ("more colourful", "less colourful"),
    "semitone_clashes": ("more friction", "less friction"),
    "spacing": ("voices further apart", "voices closer together"),
    "stepwise_melody": ("the melody more in steps", "the melody more in leaps"),
    "parallels": ("more parallel fifths", "fewer parallel fifths"),
    "voice_crossing": ("voices cross more", "voices cross less"),
}


def moves_too(direction: Direction) -> str:
    """One sentence on the strongest side effects of a direction."""
    others = [
        (name, amount)
        for name, amount in direction.effects.items()
        if name != direction.id and abs(amount) >= SIDE_EFFECT
    ]
    others.sort(key=lambda item: -abs(item[1]))
    if not others:
        return "Hardly anything else moves."
    return f"Also: {'; '.join(_words(name, amount) for name, amount in others[:NAMED])}."


def _words(name: str, amount: float) -> str:
    track, _, measure = name.rpartition(".")
    plain = measure.replace("_", " ")
    more, less = WORDS.get(measure, (f"more {plain}", f"less {plain}"))
    words = more if amount > 0 else less
    return f"{track.lower()} {words}" if track else words
