"""What Tidegate is measured against: the same task in other words, on the same broker, in the same run."""
