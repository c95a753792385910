"""A stand-in for FusionPBX: its database in four generations."""

from simulators.fusionpbx.schema import GENERATIONS
from simulators.fusionpbx.simulator import Simulator

__all__ = ["GENERATIONS", "Simulator"]
