"""Renderings of the gate's one document: they add nothing to it, so that every view says the same."""
