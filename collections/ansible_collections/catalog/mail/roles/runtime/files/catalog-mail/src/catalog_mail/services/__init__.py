"""The use cases. They see ports and the domain, never what stands behind a port."""
