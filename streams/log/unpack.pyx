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


cdef enum:
    AT_CRC = 17
    AT_ATTRIBUTES = 21
    AT_LAST = 23
    AT_FIRST_MS = 27
    AT_LARGEST_MS = 35
    AT_PRODUCER = 43
    AT_COUNT = 57
    HEADER_BYTES = 61
    LEAST_RECORD = 7  # seven fields of at least a byte
    BY_LOG = 0x08

CHECKED_FROM = AT_ATTRIBUTES
"""Where in a batch begins what its checksum is about."""
RECORDS_FROM = HEADER_BYTES


cdef class Stored:
    """A batch as it is stored, and those of its records that are still to be unpacked.

    Attributes:
        begin, end: where in the answer it stands.
        crc: the checksum that it should have.
        base_offset: of the batch; next_offset: behind it.
        attributes: as they are stored; producer_id: as well, -1 for none.
        count: of the records that are left.

    Args:
        raw: the answer.
        begin, end: where in it the batch stands.

    Raises:
        ValueError: where there is no room for a batch.
    """

    cdef readonly Py_ssize_t begin, end
    cdef readonly int64_t crc, base_offset, next_offset, attributes, producer_id, count
    cdef bytes _raw
    cdef Reader _reader
    cdef int64_t _last_offset, _first_ms

    def __init__(self, bytes raw, Py_ssize_t begin, Py_ssize_t end):
        if begin < 0 or end > PyBytes_GET_SIZE(raw) or end - begin < HEADER_BYTES:
            raise ValueError("a batch beyond its bytes")
        cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(raw) + begin
        self._raw, self.begin, self.end = raw, begin, end
        self.base_offset = big_endian(at, 8)
        self.crc = big_endian(at + AT_CRC, 4)
        self.attributes = big_endian(at + AT_ATTRIBUTES, 2)
        self.next_offset = self.base_offset + big_endian(at + AT_LAST, 4) + 1
        self._first_ms = big_endian(at + (AT_LARGEST_MS if self.attributes & BY_LOG else AT_FIRST_MS), 8)
        self.producer_id = big_endian(at + AT_PRODUCER, 8)
        self.count = big_endian(at + AT_COUNT, 4)
        self._last_offset = self.base_offset - 1
        self._reader.at, self._reader.end, self._reader.failed = at + HEADER_BYTES, at + (end - begin), False

    def decompressed(self, bytes records):
        """Take the records from these bytes."""
        self._raw = records
        self._reader.at = <const uint8_t*>PyBytes_AS_STRING(records)
        self._reader.end = self._reader.at + PyBytes_GET_SIZE(records)

    @property
    def plausible(self):
        """Whether there is room for so many records."""
        return self.count <= (self._reader.end - self._reader.at) // LEAST_RECORD


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
            self._numbers[1, i] = stored._first_ms if stored.attributes & BY_LOG else stored._first_ms + later_ms
            offset = stored.base_offset + varint(reader)
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


cdef inline int64_t big_endian(const uint8_t* at, int size) noexcept nogil:
    """A number of at most eight bytes, the highest first; without a sign where it has fewer."""
    cdef uint64_t number = 0
    cdef int i
    for i in range(size):
        number = number << 8 | at[i]
    return <int64_t>number


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
