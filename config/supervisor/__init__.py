"""Runs a few processes together in one terminal: ordered start, prefixed output, restart, clean stop.

Knows nothing of Django or of what the parts do: only of commands, process groups and signals (Linux, macOS).
"""

from config.supervisor.house import Supervisor
from config.supervisor.keeper import Part, Timings
from config.supervisor.output import wants_colour

__all__ = ["Part", "Supervisor", "Timings", "wants_colour"]
