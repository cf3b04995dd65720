"""Entra's login: discovery, keys, the token endpoint, managed identity."""
