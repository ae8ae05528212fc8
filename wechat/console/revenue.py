"""The revenue that an app with sales reports to apps that led to the orders."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revenue:
    """The number of paid orders and their sum in fen."""

    orders: int = 0
    fen: int = 0

    def __add__(self, other: "Revenue") -> "Revenue":
        return Revenue(self.orders + other.orders, self.fen + other.fen)
