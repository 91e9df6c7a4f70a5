"""Offline pages: one HTML document that loads nothing, reads without scripts, and prints."""
