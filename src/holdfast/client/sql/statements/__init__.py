"""Statements that are easy to get wrong, over SQLAlchemy's own: many rows, locks, pages, streams, figures."""
