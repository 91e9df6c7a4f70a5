"""The sections of the page: each takes one result, so that several can stand side by side."""
