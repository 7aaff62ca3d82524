"""From recorded sound to notes with a beat: a file -> samples -> activations -> notes -> MIDI."""
