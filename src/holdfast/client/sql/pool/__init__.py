"""The pool: a line of places before it, the policies at its door, and who holds a connection since when."""
