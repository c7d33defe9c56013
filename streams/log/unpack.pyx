# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Records of a batch as Kafka stores them, format 2 -> their values, and numbers in columns, without an object for each.

The broker's bytes have passed their checksum when they come here; lengths are looked at all the same, and nothing beyond the bytes
is read. Source of the format: Apache Kafka, "Record" in its protocol guide (KIP-98, 2016).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t

cdef struct Reader:
    const uint8_t* at
    const uint8_t* end
    bint failed


cdef class Stored:
    """The records of one batch that are still to be unpacked.

    Args:
        raw: holds the records, not compressed any more.
        begin, end: where in it they stand.
        count: of the records.
        base_offset: of the batch.
        first_ms: from which on the records count their times.
        same_ms: whether that is the time of all of them, whatever they say.
    """

    cdef readonly Py_ssize_t count
    cdef bytes _raw
    cdef Reader _reader
    cdef int64_t _base_offset
    cdef int64_t _last_offset
    cdef int64_t _first_ms
    cdef bint _same_ms

    def __init__(
        self, bytes raw, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t count, int64_t base_offset, int64_t first_ms, bint same_ms
    ):
        if not 0 <= begin <= end <= PyBytes_GET_SIZE(raw):
            raise ValueError("records beyond their bytes")
        self._raw, self.count = raw, count
        self._reader.at = <const uint8_t*>PyBytes_AS_STRING(raw) + begin
        self._reader.end = <const uint8_t*>PyBytes_AS_STRING(raw) + end
        self._reader.failed = False
        self._base_offset, self._last_offset = base_offset, base_offset - 1
        self._first_ms, self._same_ms = first_ms, same_ms


cdef class Unpacked:
    """Some records, unpacked.

    Attributes:
        values: of the records, None where one has none.
        room: for how many more records there is.

    Args:
        numbers: written to, shape (3, n): of each record its offset, when it was sent, and 1 where it has no key.
    """

    cdef readonly list values
    cdef int64_t[:, ::1] _numbers

    def __init__(self, int64_t[:, ::1] numbers):
        if numbers.shape[0] != 3:
            raise ValueError("numbers of another shape")
        self.values, self._numbers = [], numbers

    @property
    def room(self):
        return self._numbers.shape[1] - len(self.values)

    def take(self, Stored stored):
        """Unpack the next records of a batch, as many as there is room for.

        Raises:
            ValueError: where the batch does not hold the records that it says.
        """
        cdef Py_ssize_t i
        cdef Py_ssize_t begin = len(self.values)
        cdef Py_ssize_t count = min(stored.count, self._numbers.shape[1] - begin)
        cdef int64_t size, later_ms, offset
        cdef Reader* reader = &stored._reader
        cdef const uint8_t* end
        for i in range(begin, begin + count):
            size = varint(reader)
            if reader.failed or size < 0 or size > reader.end - reader.at:
                raise ValueError("a record is longer than its batch")
            end = reader.at + size
            skip(reader, 1)  # attributes, of which there are none
            later_ms = varint(reader)
            self._numbers[1, i] = stored._first_ms if stored._same_ms else stored._first_ms + later_ms
            offset = stored._base_offset + varint(reader)
            if offset <= stored._last_offset:
                raise ValueError("offsets that do not ascend")
            self._numbers[0, i] = stored._last_offset = offset
            size = varint(reader)
            self._numbers[2, i] = size < 0
            skip(reader, size)
            size = varint(reader)
            if reader.failed or reader.at > end or size > end - reader.at:
                raise ValueError("a record is longer than it says")
            self.values.append(None if size < 0 else PyBytes_FromStringAndSize(<const char*>reader.at, size))
            reader.at = end  # behind its headers
        stored.count -= count
        if stored.count == 0 and reader.at != reader.end:
            raise ValueError(f"{reader.end - reader.at} bytes behind the last record")


cdef inline int64_t varint(Reader* reader) noexcept nogil:
    """A number in zigzag, seven bits a byte, the lowest first."""
    cdef uint64_t number = 0
    cdef int shift = 0
    while reader.at < reader.end and shift < 64:
        number |= <uint64_t>(reader.at[0] & 0x7F) << shift
        reader.at += 1
        if reader.at[-1] < 0x80:
            return <int64_t>(number >> 1) ^ -<int64_t>(number & 1)
        shift += 7
    reader.failed = True
    return 0


cdef inline void skip(Reader* reader, int64_t size) noexcept nogil:
    if size > reader.end - reader.at:
        reader.failed = True
    elif size > 0:
        reader.at += size
