"""What a test says to the emulator: seeds, faults, the clock, and reading what it holds."""
