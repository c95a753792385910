"""The names of the queues: long visits to platforms must not hold up the house."""

PLATFORMS = "platforms"
HOUSE = "house"
