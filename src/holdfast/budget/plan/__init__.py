"""The plan: every number of a budget with its provenance, what follows, what contradicts, what is missing."""
