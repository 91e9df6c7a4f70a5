"""Each figure that is claimed, against its peers, one command: `python -m benchmarks.<name> [--quick]`.

The last line of each is one JSON object of figures. Exit 0: within what is required, 1: not, 5: not decided
because something is missing, which is then named; nothing is ever installed.
"""
