"""For the tests of a service: a plugin of pytest, which finds it by itself."""
