"""What is abnormal: facts of one complete window after another -> abnormal scopes."""
