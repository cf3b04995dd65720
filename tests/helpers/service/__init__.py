"""Run the service and the servers around it as processes."""
