"""The names of the queues: long visits to platforms must not hold up the house."""

PLATFORMS = "platforms"
HOUSE = "house"
ORDER_LANES = 3  # visits of the house that tell platforms something, at once; fewer than it has hands
