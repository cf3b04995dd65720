"""The HTTP API, version 1, described by OpenAPI; errors are RFC 9457 problem details."""
