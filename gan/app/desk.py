"""What lies on the desk of the Explore page: a phrase, how it is played, and where one has been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gan.app.link import Shared
from gan.app.link_player import Playing
from gan.app.player.events import Mix, TrackMix
from gan.audio.render import find_soundfonts
from gan.engine import PhraseState
from gan.music.performance import Performance

HISTORY = 50


@dataclass(frozen=True)
class Place:
    """A phrase and how it is played: what undo comes back to."""

    point: PhraseState = field(default_factory=PhraseState)
    how: Performance = field(default_factory=Performance)


@dataclass
class Desk:
    """The state of the Explore page for one checkpoint. `soundfont` is a path, None the first."""

    place: Place = field(default_factory=Place)
    mix: Mix = field(default_factory=Mix)
    soundfont: str | None = None
    notices: tuple[str, ...] = ()
    kept: Place | None = None  # the other side of A/B
    side: str = "A"  # of A and B the one that is shown, where one is kept
    last_stroke: int = 0  # of the pen; those before have been taken
    past: list[Place] = field(default_factory=list)
    future: list[Place] = field(default_factory=list)
    origin: Place | None = None  # where a drag began that still goes on

    @property
    def point(self) -> PhraseState:
        return self.place.point

    @property
    def how(self) -> Performance:
        return self.place.how

    @property
    def playing(self) -> Playing:
        """What a link keeps of how the phrase is played."""
        names = {str(font.path): font.name for font in find_soundfonts()} if self.soundfont else {}
        return Playing(self.how, self.mix, names.get(self.soundfont or "", ""))

    def move(self, place: Place) -> None:
        """To a place; the present one, or that where a drag began, can be come back to."""
        origin, self.origin = self.origin or self.place, None
        self.place = place
        if place == origin:
            return
        self.past = [*self.past, origin][-HISTORY:]
        self.future = []
        self.notices = ()  # They were about what was here before.

    def drag(self, point: PhraseState) -> None:
        """To a point on the way to another: nothing to come back to."""
        self.origin = self.origin or self.place
        self.place = Place(point, self.how)

    def go(self, point: PhraseState) -> None:
        """To a point, played as this one."""
        self.move(Place(point, self.how))

    def play(self, how: Performance) -> None:
        """The same phrase, played otherwise."""
        self.move(Place(self.point, how))

    def open(self, shared: Shared) -> None:
        """What a link carries; volume and pad are the user's own."""
        playing = shared.playing
        self.move(Place(shared.point, playing.how))
        self.mix = replace(playing.mix, volume=self.mix.volume, pad=self.mix.pad)
        self.notices = shared.notices
        self.soundfont = None
        if playing.soundfont:
            paths = {font.name: str(font.path) for font in find_soundfonts()}
            self.soundfont = paths.get(playing.soundfont)
            if self.soundfont is None:
                name = playing.soundfont
                self.notices += (f"The soundfont {name} is not on this machine; another plays.",)

    def keep(self) -> None:
        """Keep this phrase as A; what follows is B."""
        self.kept, self.side = self.place, "B"

    def compare(self) -> None:
        """From A to B, or back."""
        if self.kept is not None:
            here, self.side = self.place, "A" if self.side == "B" else "B"
            self.move(self.kept)
            self.kept = here

    def undo(self) -> None:
        self.move(self.place)  # A drag that never ended has ended.
        if self.past:
            self.future = [self.place, *self.future]
            self.place = self.past.pop()

    def redo(self) -> None:
        if self.future:
            self.past = [*self.past, self.place]
            self.place = self.future.pop(0)

    def travel(self, index: int) -> None:
        """To the place of this number among all that undo and redo lead to."""
        self.origin = None
        places = [*self.past, self.place, *self.future]
        if 0 <= index < len(places):
            self.past, self.future = places[:index], places[index + 1 :]
            self.place = places[index]

    def heard(self, names: Sequence[str]) -> tuple[bool, ...]:
        """Whether each track is heard: those with solo if any has it, less the muted."""
        tracks = [self.mix.tracks.get(name, TrackMix()) for name in names]
        solo = any(track.solo for track in tracks)
        return tuple(not track.mute and (track.solo or not solo) for track in tracks)

    def gains(self, names: Sequence[str]) -> tuple[float, ...]:
        """The factor of each track as the player mixes it, heard or not."""
        # Loudness is felt about as the square of the position of a fader.
        return tuple(self.mix.tracks.get(name, TrackMix()).volume ** 2 for name in names)
