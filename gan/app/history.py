"""History, A/B and undo, as operations on documents."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from gan.app.document import Document
from gan.phrase import PhraseState

HISTORY_MAX = 50
GESTURE_SECONDS = 1.5  # a pause after which the same control's next change is another step


@dataclass
class Session:
    """The present document and the way to it. `notices` are sentences for the user.

    `a` is the document that was kept for comparison, and stays until it is replaced on purpose;
    `b` is the one that was left to hear it.
    """

    document: Document = field(default_factory=Document)
    past: list[Document] = field(default_factory=list)
    future: list[Document] = field(default_factory=list)
    a: Document | None = None
    b: Document | None = None
    notices: tuple[str, ...] = ()
    _gesture: str = ""
    _moved: float = 0.0

    def go(self, document: Document, *, gesture: str = "", holding: bool = False) -> None:
        """Go to another document.

        Changes of one `gesture`, a drag or a run of key presses, are one step of the history:
        those that follow each other within 1.5 s, and all while the user is `holding` on.
        """
        now = time.monotonic()
        if document == self.document:
            self._moved = self._moved if holding else min(self._moved, now)
            return
        same = bool(gesture) and gesture == self._gesture
        if not (same and now - self._moved < GESTURE_SECONDS):
            self.past = [*self.past, self.document][-HISTORY_MAX:]
        self.document, self.future, self.notices = document, [], ()
        self._gesture, self._moved = gesture, float("inf") if holding else now

    def phrase(self, state: PhraseState, *, gesture: str = "", holding: bool = False) -> None:
        """Change the phrase; the generator and how it is played stay."""
        self.go(replace(self.document, phrase=state), gesture=gesture, holding=holding)

    def change(self, *, gesture: str = "", **fields: Any) -> None:
        """Change some of the document's fields."""
        self.go(replace(self.document, **fields), gesture=gesture)

    def undo(self) -> None:
        if self.past:
            self.future = [self.document, *self.future]
            self._arrive(self.past.pop())

    def redo(self) -> None:
        if self.future:
            self.past = [*self.past, self.document]
            self._arrive(self.future.pop(0))

    def travel(self, index: int) -> None:
        """Go to a document by its number among all that undo and redo lead to."""
        documents = [*self.past, self.document, *self.future]
        if 0 <= index < len(documents):
            self.past, self.future = documents[:index], documents[index + 1 :]
            self._arrive(documents[index])

    def _arrive(self, document: Document) -> None:
        self.document, self._gesture, self.notices = document, "", ()

    @property
    def side(self) -> str:
        """Which of A and B is heard; empty where nothing was kept."""
        if self.a is None:
            return ""
        return "A" if self.document == self.a else "B"

    def keep_a(self) -> None:
        """Keep this document as A; what follows is B."""
        self.a, self.b = self.document, None

    def compare(self) -> None:
        """Switch from B to A, or back to the B that was left."""
        if self.a is None:
            return
        if self.side == "B":
            self.b = self.document
            self.go(self.a)
        elif self.b is not None:
            self.go(self.b)
