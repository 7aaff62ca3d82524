"""Data sets that this package reads: who made them, under what terms, how to get them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A published data set."""

    name: str
    title: str
    citation: str
    licence: str
    published: str
    size: str
    how_to_get: str


POP909 = Source(
    name="pop909",
    title="POP909",
    citation=(
        "Z. Wang, K. Chen, J. Jiang, Y. Zhang, M. Xu, S. Dai, X. Gu and G. Xia: POP909: A"
        " Pop-song Dataset for Music Arrangement Generation. ISMIR 2020."
    ),
    licence="MIT",
    published="https://github.com/music-x-lab/POP909-Dataset",
    size="909 songs; the folder POP909 of the repository, a folder for each song",
    how_to_get=(
        "git clone https://github.com/music-x-lab/POP909-Dataset, then give the folder"
        " POP909-Dataset/POP909 as --data_dir"
    ),
)

BACH = Source(
    name="bach",
    title="Chorales of J. S. Bach in the music21 corpus",
    citation=(
        "M. S. Cuthbert and C. Ariza: music21: A Toolkit for Computer-Aided Musicology and"
        " Symbolic Music Data. ISMIR 2010."
    ),
    licence="The music is in the public domain; the music21 package is BSD-3-Clause.",
    published="https://github.com/cuthbertLab/music21",
    size="about 400 chorales, part of the installed package",
    how_to_get="pip install music21, then --data_dir bach; nothing is downloaded",
)

SOURCES = {source.name: source for source in (POP909, BACH)}
