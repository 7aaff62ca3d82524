"""What is known of the data sets."""

from __future__ import annotations

from gan.data.sources import SOURCES


def test_every_source_says_whose_it_is_and_how_to_get_it() -> None:
    assert set(SOURCES) == {"pop909", "bach"}
    for source in SOURCES.values():
        assert source.citation
        assert source.licence
        assert source.published.startswith("https://")
        assert source.how_to_get
