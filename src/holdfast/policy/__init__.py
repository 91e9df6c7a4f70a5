"""What a service does when there is more than it can hold, or less than it needs.

A folder a policy, the same rooms in each: `config` (frozen and validated), `core` (pure: takes `now`, returns
a decision), `guard` (modes, events, awaiting). `call` composes them around one call to a dependency.
"""
