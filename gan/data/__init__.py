"""From folders of MIDI to cached arrays and training batches."""
