"""The program as a graph: what names mean, what calls what, what runs where."""
