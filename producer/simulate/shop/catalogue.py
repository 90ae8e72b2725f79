"""What the simulated shop sells: products by popularity, with categories, brands and prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRODUCTS = 2_000
# Even a full basket costs less than a thousand, so honest amounts above that are bulk orders only.
_LEAST_PRICE, _MOST_PRICE = 150, 12_000
_MEDIAN_PRICE, _PRICE_SPREAD = 1_800, 0.7
# Zipf: the n-th most popular product is viewed 1 / n^0.9 times as often as the first.
_ZIPF_EXPONENT = 0.9
# Popularity is drawn by looking up a slot that 16 random bits choose.
_SLOTS = 1 << 16

_CATEGORIES = (
    ("kitchen", ("mug", "teapot", "cake tin", "bowl", "jug")),
    ("home-and-decoration", ("cushion", "vase", "clock", "mirror", "doormat")),
    ("lights-and-candles", ("lantern", "candle", "table lamp", "string lights", "holder")),
    ("toys-and-games", ("puzzle", "kite", "doll", "board game", "train")),
    ("garden", ("watering can", "planter", "bird feeder", "trowel", "bench")),
    ("bags", ("tote", "backpack", "purse", "lunch bag", "suitcase")),
    ("stationery", ("notebook", "pen set", "card", "calendar", "ruler")),
    ("jewellery", ("necklace", "ring", "bracelet", "brooch", "earrings")),
    ("storage", ("basket", "drawer", "box", "rack", "jar")),
    ("craft", ("yarn", "paint set", "fabric", "sewing kit", "stamp")),
)
_STYLES = ("oak", "red", "vintage", "striped", "blue", "rustic", "ivory", "floral", "slate", "gold")
_BRANDS = ("Alder", "Brightside", "Corner Mill", "Dovetail", "Ember", "Fern & Co", "Gable", "")


@dataclass(frozen=True)
class Product:
    """`price` is in minor units, the same number in every currency. An empty brand is none."""

    product_id: str
    name: str
    category: str
    brand: str
    price: int


@dataclass(frozen=True)
class Catalogue:
    """Products, the most popular first. `popular` holds each of them as often as it is viewed."""

    products: tuple[Product, ...]
    prices: NDArray[np.int64]
    popular: NDArray[np.int32]

    def draw(self, random: np.random.Generator, count: int) -> NDArray[np.int32]:
        """Draw `count` products by popularity."""
        drawn: NDArray[np.int32] = self.popular[random.integers(0, _SLOTS, count, np.uint16)]
        return drawn

    def closest(self, price: int) -> int:
        """The product whose price is nearest to `price`."""
        return int(np.abs(self.prices - price).argmin())


def make_catalogue(seed: int) -> Catalogue:
    """The catalogue of a seed."""
    random = np.random.default_rng([seed, PRODUCTS])
    spread = np.exp(random.normal(np.log(_MEDIAN_PRICE), _PRICE_SPREAD, PRODUCTS))
    # Prices end in 5 or 9, as they do in shops.
    prices = np.clip(spread, _LEAST_PRICE, _MOST_PRICE).astype(np.int64) // 10 * 10
    prices -= random.choice([1, 5], PRODUCTS)
    category, noun, style, brand = (
        random.integers(0, size, PRODUCTS) for size in (len(_CATEGORIES), 5, 10, len(_BRANDS))
    )
    products = tuple(
        Product(
            product_id=f"p{number:05d}",
            name=f"{_STYLES[style[number]]} {_CATEGORIES[category[number]][1][noun[number]]}",
            category=_CATEGORIES[category[number]][0],
            brand=_BRANDS[brand[number]],
            price=int(prices[number]),
        )
        for number in range(PRODUCTS)
    )
    return Catalogue(products, prices, _by_popularity())


def _by_popularity() -> NDArray[np.int32]:
    shares = 1.0 / np.arange(1, PRODUCTS + 1) ** _ZIPF_EXPONENT
    ends = np.cumsum(shares) / shares.sum()
    slots = (np.arange(_SLOTS) + 0.5) / _SLOTS
    return np.searchsorted(ends, slots).astype(np.int32)
