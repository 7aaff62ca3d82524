"""What the training runs on, in words."""

from __future__ import annotations

import os

import keras


def describe_device() -> str:
    """GPUs by name, or the number of CPU cores with a hint; never silent about the slow case."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        if gpus:
            details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
            names = ", ".join(str(detail.get("device_name", "GPU")) for detail in details)
            return f"{names} ({backend})"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"CPU, {cores} cores, no GPU found ({backend}); a GPU would be many times faster"
