"""Generator families behind one contract. Keras 3."""
