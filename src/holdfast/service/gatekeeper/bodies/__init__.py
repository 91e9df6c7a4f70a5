"""Bodies on their way: a request takes a place when its body is there, not when it is announced.

Whoever sends half a body and stops would hold a place until he is cut off, and a few dozen of them would fill
the service. So a body is waited for outside, where it costs a connection and its bytes, and no place:

- `Whole`: a body of a known length of up to `ahead` bytes is waited for whole.
- `Incoming`: of any other so much is waited for. If it does not come at once, the request may come in all the
  same, for an app that reads as it comes; but only while few of those inside stand still.
- `Bodies`: inside, at most a share of the places may belong to requests that stand still, since their app
  waits for the body and the client does not send. Beyond that the one that stands longest is ended.

So a place is held by who sends, and an upload that flows is not counted at all. HAProxy's http-buffer-request
is the first rule and the first half of the second.
"""

from __future__ import annotations

from holdfast.service.gatekeeper.bodies.announced import ANNOUNCES, announced
from holdfast.service.gatekeeper.bodies.bodies import Bodies
from holdfast.service.gatekeeper.bodies.incoming import Incoming
from holdfast.service.gatekeeper.bodies.whole import Whole

__all__ = ["ANNOUNCES", "Bodies", "Incoming", "Whole", "announced"]
