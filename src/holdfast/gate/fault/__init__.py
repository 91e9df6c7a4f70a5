"""Breaking a dependency: a proxy in front of it, the wiring that leads there, the proof that it was used."""
