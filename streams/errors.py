"""What can go wrong that a person can put right: the errors that the command line prints as one line and answers with exit code 2.

    TidegateError             in actions/errors.py
    ├── PolicyError           a policy that cannot be used, in actions/policy; the one in force stays in force
    ├── WrongUseError         options that do not go together, a value that makes no sense; nothing was started
    ├── InputError            a file, recording or scenario that cannot be read; what was written so far is incomplete
    ├── BrokerError           Kafka does not answer, or refuses; state is safe, the same command may be run again
    └── ServiceError          the running service does not answer, or says no, in streams/client.py; nothing was changed

Anything else is a fault of Tidegate and shows its traceback.
"""

from actions.errors import TidegateError

__all__ = ["BrokerError", "InputError", "TidegateError", "WrongUseError"]


class WrongUseError(TidegateError):
    """The command was asked for something that it cannot mean."""


class InputError(TidegateError):
    """Something that was given to be read cannot be read."""


class BrokerError(TidegateError):
    """Kafka cannot be reached, or does not allow what is asked."""
