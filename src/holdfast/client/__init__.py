"""Clients for dependencies: the policies of a dependency around the client library that users have."""
