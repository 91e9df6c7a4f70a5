"""What stands around the app: the gatekeeper, errors, health, the lifespan; `Holdfast` wires them."""
