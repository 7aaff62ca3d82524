"""Notes, rolls, MIDI files, keys and musical measures. NumPy only."""
