"""The only place that brings use cases and adapters together."""
