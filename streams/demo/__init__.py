"""What a demonstration needs around the real service: a pager, a gateway, and how they misbehave when told to."""
