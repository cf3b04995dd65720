"""Run modules: on lab hosts, and as processes on this machine against the emulator."""
