"""The root of all errors that a person can put right; streams/errors.py draws the tree."""


class TidegateError(Exception):
    """Its message says what is wrong in one clear line, or one line each, without a full stop, and never holds a secret.

    The command line prints it without a traceback and ends with exit code 2.
    """
