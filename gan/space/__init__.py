"""The space as a place: a map of many phrases, on which neighbours sound alike."""
