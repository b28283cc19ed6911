"""Makes the files of Keras in tests/networks/data, with what Keras gives for them in keras.npz.

    KERAS_BACKEND=torch python tests/networks/make_keras.py

Needs keras, torch and h5py. Every weight is random, so that nothing is right by being 0 or 1.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

DATA = Path(__file__).parent / "data"
RANDOM = np.random.default_rng(12)


def every_layer() -> Any:
    """A Sequential model of nearly every layer that is read."""
    return keras.Sequential(
        [
            keras.Input((9, 8, 2)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Normalization(mean=[0.1, -0.2], variance=[0.5, 2.0]),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="first"),
            layers.ZeroPadding2D(((1, 2), (0, 1))),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D((2, 3), depth_multiplier=2, use_bias=False),
            layers.PReLU(shared_axes=[1, 2]),
            layers.MaxPooling2D(3, strides=2, padding="same"),
            layers.Conv2D(6, 2, groups=2, dilation_rate=1, padding="same", activation="hard_sigmoid"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.AveragePooling2D(2, strides=1, padding="same"),
            layers.ELU(0.5),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(7, activation="leaky_relu"),
            layers.BatchNormalization(scale=False, center=False, epsilon=0.01),
            layers.Dense(5, use_bias=False),
            layers.Softmax(),
        ]
    )


def chain() -> Any:
    """A functional model: one chain from its input to its output."""
    first = keras.Input((11, 10, 3), name="picture")
    normalization = layers.Normalization()
    normalization.adapt(RANDOM.normal(3, 2, (5, 11, 10, 3)))
    value = normalization(first)
    value = layers.Conv2D(4, (3, 2), dilation_rate=2, activation=layers.ReLU(), name="1st conv")(value)
    value = layers.Activation("silu")(value)
    value = layers.Conv2D(4, 3, padding="same", activation="gelu")(value)
    value = layers.ReLU(negative_slope=0.1)(value)
    value = layers.BatchNormalization()(value)
    value = layers.Conv2D(3, 1, activation="softplus")(value)
    value = layers.GlobalAveragePooling2D()(value)
    value = layers.Dense(4, activation="tanh")(value)
    return keras.Model(first, layers.Dense(3, activation="log_softmax")(value))


def flat() -> Any:
    """Pictures without channels, as in Keras' first tutorial."""
    return keras.Sequential(
        [keras.Input((5, 6)), layers.Flatten(), layers.Dense(4, activation="sigmoid"), layers.Dense(3)]
    )


def pixelwise() -> Any:
    """Dense layers on pictures, which act on every pixel, and a scale for each channel."""
    return keras.Sequential(
        [
            keras.Input((6, 5, 3)),
            layers.Rescaling([1 / 127.5, 1 / 255, 0.25], offset=[-1, 0, 0.5]),
            layers.Dense(4, activation="relu"),
            layers.AveragePooling2D(2),
            layers.Dense(3, use_bias=False),
            layers.GlobalMaxPooling2D(),
            layers.Dense(2),
        ]
    )


def main() -> None:
    DATA.mkdir(exist_ok=True)
    expected = {}
    for model in (every_layer, chain, flat, pixelwise):
        keras.backend.clear_session()  # names begin at their first number again
        made, name = model(), model.__name__
        for one in made.weights:
            if "normalization/" not in one.path or "batch" in one.path:
                drawn = RANDOM.normal(0, 0.5, one.shape)
                one.assign(abs(drawn) + 0.1 if "variance" in one.path else drawn)
        batch = RANDOM.normal(1, 2, (2, *made.input_shape[1:])).astype("float32")
        expected[f"{name}.input"] = batch
        expected[f"{name}.output"] = np.asarray(made.predict(batch, verbose=0))
        for suffix in ("keras", "h5"):
            made.save(DATA / f"{name}.{suffix}")
        made.save_weights(DATA / f"{name}.weights.h5")
    np.savez(DATA / "keras.npz", **expected)


if __name__ == "__main__":
    main()
