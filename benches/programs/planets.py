"""Bodies that attract each other: floats in lists and attributes, as simulations have them."""


class Body:
    def __init__(self, mass, position, velocity):
        self.mass = mass
        self.x, self.y, self.z = position
        self.vx, self.vy, self.vz = velocity


def advance(bodies, pairs, dt):
    for a, b in pairs:
        dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
        pull = dt * (dx * dx + dy * dy + dz * dz + 0.01) ** -1.5
        a.vx -= dx * b.mass * pull
        a.vy -= dy * b.mass * pull
        a.vz -= dz * b.mass * pull
        b.vx += dx * a.mass * pull
        b.vy += dy * a.mass * pull
        b.vz += dz * a.mass * pull
    for body in bodies:
        body.x += dt * body.vx
        body.y += dt * body.vy
        body.z += dt * body.vz


def energy(bodies):
    return sum(b.mass * (b.vx**2 + b.vy**2 + b.vz**2) / 2 for b in bodies)


bodies = [
    Body(10.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    Body(1.0, (3.0, 0.0, 0.0), (0.0, 1.8, 0.1)),
    Body(0.5, (0.0, 6.0, 0.0), (-1.3, 0.0, 0.0)),
    Body(0.1, (-9.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    Body(0.2, (0.0, -12.0, 0.0), (0.9, 0.0, 0.0)),
]
pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1 :]]
for _ in range(20_000):
    advance(bodies, pairs, 0.001)
print(f"{energy(bodies):.6f}")
