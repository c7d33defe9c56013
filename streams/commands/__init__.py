"""The commands of `tidegate`, one a file; heavy imports are inside the callbacks."""
