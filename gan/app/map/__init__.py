"""The map: its component, its bytes, and its making in the background."""
