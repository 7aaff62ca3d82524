"""The live socket: notes and sound while the user drags."""
