"""Histogram buckets, 8 an octave: integer -> bucket, bucket -> the value that stands for it."""

import numpy as np

from detectors.facts import Float64, Int64

PER_OCTAVE = 8
COUNT = 1 + 48 * PER_OCTAVE
"""Bucket 0 holds zero; bucket 1 + 8k + j holds [2^k * 2^(j/8), 2^k * 2^((j+1)/8)); the last one all above 2^48."""

_EDGES = np.ceil(2.0 ** (np.arange(COUNT - 1) / PER_OCTAVE)).astype(np.int64)


_NEXT = np.append(_EDGES[1:], _EDGES[-1] + 1)


def bucket_of(values: Int64) -> Int64:
    """The bucket of each non-negative integer, same shape.

    A logarithm guesses, integer comparison decides, so every machine agrees.
    """
    held = np.clip(values, 1, _EDGES[-1])
    below = (np.log2(held) * PER_OCTAVE).astype(np.int64)
    below += _NEXT[below] <= held
    below -= _EDGES[below] > held
    return np.where(values > 0, below + 1, 0)


def _middles() -> Float64:
    low = np.concatenate([_EDGES, [2 ** (COUNT // PER_OCTAVE)]]).astype(np.float64)[:-1]
    high = np.concatenate([_EDGES[1:], [2 ** (COUNT // PER_OCTAVE)]]).astype(np.float64)
    narrow = high - low < 16
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.where(narrow, (low + high - 1) / 2, (high - low) / np.log(high / low))
    middle[-1] = low[-1]
    return np.concatenate([[0.0], middle])


MIDDLE = _middles()
"""What stands for the values of a bucket, shape (COUNT,): the mean of its integers, or the logarithmic mean of a wide bucket."""
