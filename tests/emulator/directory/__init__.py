"""Entra's directory in Graph: applications, service principals, app role assignments, users."""
