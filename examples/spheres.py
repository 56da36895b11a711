"""A small ray tracer that draws to the terminal: three mirrors on a chessboard, in 24-bit colour or in characters.

    spheres.py [WIDTH]        colour if the output is a terminal (and NO_COLOR is not set), else text
"""

import os
import sys

SHADES = " .:-=+*#%@"


class Vector:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def unit(self):
        return self * (self @ self) ** -0.5

    def reflect(self, normal):
        return self - normal * (2 * (self @ normal))


class Sphere:
    def __init__(self, centre, radius, colour, mirror):
        self.centre, self.radius, self.colour, self.mirror = centre, radius, colour, mirror

    def meet(self, origin, direction):
        """How far along the ray the sphere is, or None."""
        to_centre = self.centre - origin
        along = to_centre @ direction
        inside = self.radius**2 - (to_centre @ to_centre - along**2)
        if inside < 0:
            return None
        distance = along - inside**0.5
        return distance if distance > 1e-4 else None

    def normal(self, point):
        return (point - self.centre).unit()

    def colour_at(self, point):
        return self.colour


class Floor:
    mirror = 0.2

    def meet(self, origin, direction):
        if direction.y > -1e-6:
            return None
        distance = -origin.y / direction.y
        return distance if 1e-4 < distance < 40 else None

    def normal(self, point):
        return Vector(0.0, 1.0, 0.0)

    def colour_at(self, point):
        dark = (int(point.x // 1) + int(point.z // 1)) % 2
        return Vector(0.15, 0.17, 0.2) if dark else Vector(0.85, 0.85, 0.8)


THINGS = [
    Floor(),
    Sphere(Vector(-1.6, 1.0, 5.2), 1.0, Vector(0.95, 0.3, 0.25), 0.35),
    Sphere(Vector(0.9, 0.8, 4.2), 0.8, Vector(0.25, 0.75, 0.4), 0.3),
    Sphere(Vector(0.3, 1.6, 7.5), 1.6, Vector(0.3, 0.45, 0.95), 0.5),
]
LIGHT = Vector(-4.0, 7.0, -1.0)
EYE = Vector(0.0, 1.5, -1.5)


def nearest(origin, direction):
    hits = ((thing.meet(origin, direction), thing) for thing in THINGS)
    return min(((d, t) for d, t in hits if d is not None), key=lambda hit: hit[0], default=None)


def trace(origin, direction, bounces=3):
    """The colour that comes back along a ray."""
    match nearest(origin, direction):
        case None:
            height = max(direction.y, 0.0)
            return Vector(0.75, 0.85, 1.0) * (1 - height) + Vector(0.15, 0.3, 0.7) * height
        case (distance, thing):
            point = origin + direction * distance
            normal = thing.normal(point)
            to_light = (LIGHT - point).unit()
            light = 0.15
            if nearest(point, to_light) is None:
                light += 0.85 * max(normal @ to_light, 0.0)
            colour = thing.colour_at(point) * light
            if bounces and thing.mirror:
                seen = trace(point, direction.reflect(normal).unit(), bounces - 1)
                colour = colour * (1 - thing.mirror) + seen * thing.mirror
            return colour


def rows(width, height):
    """The picture, row by row, as lists of colours."""
    for j in range(height):
        y = 0.5 - (j + 0.5) / height
        yield [trace(EYE, Vector(1.6 * ((i + 0.5) / width - 0.5), 0.9 * y - 0.1, 1.0).unit()) for i in range(width)]


def levels(colour):
    return [min(255, int(255 * max(channel, 0.0) ** 0.45)) for channel in (colour.x, colour.y, colour.z)]


def in_colour(width):
    """Two rows of the picture make one of text: the upper half block has two colours."""
    picture = rows(width, width * 9 // 32 * 2)
    for upper, lower in zip(picture, picture):
        cells = []
        for above, below in zip(upper, lower):
            front, back = (";".join(map(str, levels(colour))) for colour in (above, below))
            cells.append(f"\x1b[38;2;{front}m\x1b[48;2;{back}m▀")
        print("".join(cells) + "\x1b[0m")


def in_text(width):
    for row in rows(width, width * 9 // 32):
        grey = (sum(levels(colour)) / 3 for colour in row)
        print("".join(SHADES[int(level * len(SHADES) / 256)] for level in grey))


if __name__ == "__main__":
    width = int(sys.argv[1]) if len(sys.argv) > 1 else 78
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        in_colour(width)
    else:
        in_text(width)
