"""What the use cases need from outside, as Protocols. Adapters fulfil them; `bootstrap` brings the two together."""
