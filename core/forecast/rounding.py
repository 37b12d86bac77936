"""Parts of many amounts at once, rounded as single ones are."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from core.forecast.invoices import Whole
from core.money import rounded

_DOUBT = 2.0**-50
"""Of a product, how near to a half its float is doubted: some of its last bits."""


def parts_of(minor: Whole, shares: NDArray[np.float64]) -> Whole:
    """`rounded(minor * Fraction(share))` for each share of a row, of that row's amount ≥ 0.

    A product so near to a half that a float may err is made again as a fraction.
    """
    amounts = np.broadcast_to(minor[:, None], shares.shape)
    near = amounts * shares
    found = np.floor(near + 0.5).astype(np.int64)
    doubted = np.abs(near - np.floor(near) - 0.5) <= near * _DOUBT
    for place in np.argwhere(doubted):
        row, column = map(int, place)
        found[row, column] = rounded(int(minor[row]) * Fraction(float(shares[row, column])))
    return found
