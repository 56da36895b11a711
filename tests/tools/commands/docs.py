"""Examples that pass and examples that fail.

>>> 1 + 1
2
>>> twice(3)
7
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

VERSION = 3
"""What follows a name is nothing to pydoc."""


class Colour(Enum):
    """Three of them."""

    RED = 1
    GREEN = 2
    BLUE = 3


@dataclass(order=True)
class Point:
    """A point.

    >>> Point(1, 2)
    Point(x=1, y=2)
    """

    x: int
    y: int = 0

    @property
    def norm(self) -> float:
        """The distance.

        >>> Point(3, 4).norm
        5.0
        """
        return (self.x**2 + self.y**2) ** 0.5

    @classmethod
    def origin(cls) -> "Point":
        return cls(0, 0)

    @staticmethod
    def anything(*args: Any, key=None, **kwargs) -> None:
        """Takes everything."""


class Pair(NamedTuple):
    left: int
    right: str = "x"


def twice(n: int | float, /, *, times: int = 2) -> int:
    """Doubles.

    >>> twice(2)
    4
    >>> twice(None)
    Traceback (most recent call last):
    TypeError: ...
    >>> print("a   b")
    a b
    >>> for i in range(2):
    ...     print(i)
    0
    1
    >>> [1, 2
    3]
    """
    return n * times


def _private():
    """>>> 1 / 0"""


async def later(x=[], y=print, *rest):
    """A coroutine."""


__test__ = {"extra": ">>> 2 ** 3\n9\n"}
