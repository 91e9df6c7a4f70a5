"""What can be done to a dependency: a module a kind, each plain data and what it does to a connection."""

from __future__ import annotations

from holdfast.gate.fault.kinds.blackhole import Blackhole
from holdfast.gate.fault.kinds.brownout import Brownout
from holdfast.gate.fault.kinds.corrupt import Corrupt
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect
from holdfast.gate.fault.kinds.error import Error
from holdfast.gate.fault.kinds.first import FailFirst
from holdfast.gate.fault.kinds.half_open import HalfOpen
from holdfast.gate.fault.kinds.narrow import Narrow
from holdfast.gate.fault.kinds.refuse import Refuse
from holdfast.gate.fault.kinds.reset import Reset
from holdfast.gate.fault.kinds.script import Script, flap
from holdfast.gate.fault.kinds.slow import Slow
from holdfast.gate.fault.kinds.slow_close import SlowClose

__all__ = [
    "Blackhole",
    "Brownout",
    "Corrupt",
    "Effect",
    "Error",
    "FailFirst",
    "Fault",
    "HalfOpen",
    "MakeEffect",
    "Narrow",
    "Refuse",
    "Reset",
    "Script",
    "Slow",
    "SlowClose",
    "flap",
]
