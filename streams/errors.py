"""What can go wrong that a person can put right: the errors that the command line prints as one line and answers with exit code 2.

    TidegateError
    ├── WrongUseError     options that do not go together, a value that makes no sense; nothing was started
    ├── InputError        a file, recording or scenario that cannot be read; what was written so far is incomplete
    └── BrokerError       Kafka does not answer, or refuses; state is safe, the same command may be run again

Anything else is a fault of Tidegate and shows its traceback.
"""


class TidegateError(Exception):
    """Root of the tree; the message is one clear line without a full stop, and never holds a secret."""


class WrongUseError(TidegateError):
    """The command was asked for something that it cannot mean."""


class InputError(TidegateError):
    """Something that was given to be read cannot be read."""


class BrokerError(TidegateError):
    """Kafka cannot be reached, or does not allow what is asked."""
