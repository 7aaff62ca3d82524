"""The variational family (Kingma and Welling 2014)."""

from gan.models.autoencoder import Autoencoder


class Vae(Autoencoder):
    """Trained on reconstruction and a KL term alone."""

    family = "vae"
