"""The adversarially trained family (see `gan.training.objectives`)."""

from gan.models.autoencoder import Autoencoder


class Gan(Autoencoder):
    """Trained against a discriminator; its encoder serves inversion."""

    family = "gan"
