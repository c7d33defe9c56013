"""Laws are tested for what they say, not for how long a busy machine takes to try one example."""

from hypothesis import settings

settings.register_profile("tidegate", deadline=None)
settings.load_profile("tidegate")
