"""What is true without any machine: values, rules and decisions. No I/O, no clock of its own."""
