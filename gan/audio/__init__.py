"""Sound: a roll and how it is played -> stems, mixes, files."""
