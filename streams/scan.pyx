# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Bytes of plain records -> columns, without an object for each.

Plain is a record that `streams.decode` accepts, whose strings are printable ASCII without escapes, whose numbers have no exponent,
whose time is in milliseconds, whose leaf is known, and that names no field twice. Of such a record the scanner says what `decode`
says; everything else it leaves to it. So what it does not understand costs time and is never wrong:
`tests/streams/test_plain.py` holds it to that.

Every value is a `bytes`, which ends with a NUL of its own. No character that goes on is NUL, so nothing here reads further.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem
from cpython.long cimport PyLong_AsLongLong
from cpython.object cimport PyObject
from libc.math cimport NAN
from libc.stdint cimport int8_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

ctypedef const uint8_t* Text

cpdef enum Kind:
    TEXT
    NAME
    MOMENT
    TOKENS
    LATENCY
    AMOUNT
    SHARE
    WHOLE
    STATUS
    ATTEMPT
    RESULT
    WORD
    MONEY
    FLAG

cdef enum:
    MOST_FIELDS = 64
    KEY_BYTES = 16384
    SLOTS = 1024
    SLOT_BITS = 10

cdef struct Span:
    Text at
    Py_ssize_t size

cdef struct Decimal:
    int64_t digits
    int places

cdef struct Record:
    int64_t ts
    int64_t[5] tokens  # -1: unknown or absent
    double latency
    int64_t billed
    int64_t status
    int64_t result
    bint retry

cdef uint8_t[256] GOES_ON
"""Whether a character may stand in a plain string, which it does not end."""
cdef int64_t[19] TENS

for _i in range(256):
    GOES_ON[_i] = 0x20 <= _i < 0x7F and chr(_i) not in '"\\'
for _i in range(19):
    TENS[_i] = 10**_i


cdef class Scanner:
    """Knows the fields of a record, and which leaves there are; see the stub for its arguments."""

    cdef list _kept
    cdef dict _leaves
    cdef Span[MOST_FIELDS] _name
    cdef int[MOST_FIELDS] _kind
    cdef int[MOST_FIELDS] _place
    cdef int64_t[MOST_FIELDS] _most
    cdef list _words
    cdef uint8_t[SLOTS] _slot
    cdef uint64_t[4] _mix
    cdef uint64_t _required
    cdef int _event_id
    cdef int _leaf_fields
    cdef int[MOST_FIELDS] _leaf_field
    cdef const int8_t[:, ::1] _fates
    cdef int64_t _first_ms
    cdef int64_t _last_ms
    cdef Py_ssize_t _most_bytes
    cdef Span[MOST_FIELDS] _found

    def __init__(self, fields, leaf_fields, dict leaves, const int8_t[:, ::1] fates, *, first_ms, last_ms, most_bytes):
        names = [field.name for field in fields]
        if len(names) > MOST_FIELDS or sum(field.most + 1 for field in fields if field.name in leaf_fields) > KEY_BYTES:
            raise ValueError("more fields, or longer ones, than there is room for")
        self._leaves, self._fates = leaves, fates
        self._first_ms, self._last_ms, self._most_bytes = first_ms, last_ms, most_bytes
        self._kept = names  # the spans point into them
        self._words = [field.words for field in fields]
        self._event_id = names.index(b"event_id")
        self._required = 0
        for number, field in enumerate(fields):
            self._name[number] = span_of(field.name)
            self._kind[number], self._place[number], self._most[number] = field.kind, field.place, field.most
            self._required |= <uint64_t>field.required << number
        self._leaf_fields = len(leaf_fields)
        for number, name in enumerate(leaf_fields):
            self._leaf_field[number] = names.index(name)
        self._give_slots(names)

    def _give_slots(self, names):
        """Find factors with which no two names share a slot."""
        state = 1
        slots = []
        while len(set(slots)) < len(names):
            for i in range(4):
                state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                self._mix[i] = state | 1
            slots = [self._slot_of(span_of(name)) for name in names]
        for i in range(SLOTS):
            self._slot[i] = 0
        for number, slot in enumerate(slots):
            self._slot[slot] = number + 1

    cdef inline int _slot_of(self, Span name) noexcept:
        if name.size == 0:
            return 0
        cdef uint64_t mixed = name.size * self._mix[0]
        mixed += name.at[0] * self._mix[1] + name.at[name.size >> 1] * self._mix[2] + name.at[name.size - 1] * self._mix[3]
        return mixed >> (64 - SLOT_BITS)

    def scan(self, values, columns):
        """Write the entries of plain records, each in its place, and return the positions of the others."""
        if len(columns) != len(values):
            raise ValueError("columns of another length")
        cdef list event_ids = columns.event_ids
        cdef int64_t[::1] ts = columns.ts_ms
        cdef int64_t[:, ::1] tokens = columns.tokens
        cdef uint8_t[::1] unknown_input = columns.unknown_input.view("u1")
        cdef uint8_t[::1] unknown_output = columns.unknown_output.view("u1")
        cdef double[::1] latency = columns.latency_ms
        cdef int64_t[::1] billed = columns.billed_nanos
        cdef int64_t[::1] leaf = columns.leaf
        cdef int64_t[::1] fate = columns.fate
        cdef list others = []
        cdef Py_ssize_t i = -1
        cdef int64_t number
        cdef Record record
        cdef int kind
        for raw in values:
            i += 1
            number = -1
            if PyBytes_CheckExact(raw) and PyBytes_GET_SIZE(raw) <= self._most_bytes and self._read(span_of(raw), &record):
                number = self._leaf()
            if number < 0:
                others.append(i)
                continue
            event_ids[i] = PyBytes_FromStringAndSize(<const char*>self._found[self._event_id].at, self._found[self._event_id].size)
            ts[i], latency[i], billed[i], leaf[i] = record.ts, record.latency, record.billed, number
            fate[i] = 2 * self._fates[record.result, record.status + 1] + record.retry
            unknown_input[i], unknown_output[i] = record.tokens[0] < 0, record.tokens[1] < 0
            for kind in range(5):
                tokens[kind, i] = max(record.tokens[kind], 0)
            if record.tokens[0] < 0:
                tokens[2, i] = tokens[3, i] = 0
            if record.tokens[1] < 0:
                tokens[4, i] = 0
        return others

    cdef bint _read(self, Span raw, Record* record) except -1:
        """Whether a record is plain; what it says."""
        cdef Text p = raw.at
        cdef Span name
        cdef uint64_t seen = 0
        cdef int field, i
        for i in range(self._leaf_fields):
            self._found[self._leaf_field[i]].size = 0
        for i in range(5):
            record.tokens[i] = -1
        record.latency, record.billed, record.status, record.result, record.retry = NAN, -1, -1, 0, False
        p = skip(p)
        if p[0] != c"{":
            return False
        while p[0] != c"}":
            p = string(skip(p + 1), &name)
            if p == NULL:
                return False
            p = skip(p)
            if p[0] != c":":
                return False
            p = skip(p + 1)
            field = self._slot[self._slot_of(name)] - 1
            if field < 0 or not same(name, self._name[field]):
                p = anything(p)
            else:
                if seen >> field & 1:
                    return False
                seen |= <uint64_t>1 << field
                p = self._value(p, field, record)
            if p == NULL:
                return False
            p = skip(p)
            if p[0] != c"," and p[0] != c"}":
                return False
        if skip(p + 1) != raw.at + raw.size or seen & self._required != self._required:
            return False
        return parts_fit(record)

    cdef Text _value(self, Text p, int field, Record* record) except? NULL:
        """Take a value; behind it, or NULL where it is not plain."""
        cdef Kind kind = <Kind>self._kind[field]
        cdef int64_t number
        cdef Decimal decimal
        cdef bint quoted
        if p[0] == c"n":
            return NULL if kind == NAME or kind == MOMENT else literal(p, b"null")
        if kind == TEXT or kind == NAME or kind == WORD or kind == RESULT:
            p = string(p, &self._found[field])
            if p == NULL or self._found[field].size > self._most[field]:
                return NULL
            if kind == NAME:
                return p if self._found[field].size else NULL
            if kind == TEXT:
                return p
            number = self._word(field)
            if kind == RESULT:
                record.result = number + 1
            return p if number >= 0 else NULL
        if kind == FLAG:
            return literal(p, b"true") if p[0] == c"t" else literal(p, b"false")
        if kind == LATENCY or kind == AMOUNT or kind == SHARE or kind == MONEY:
            quoted = kind == MONEY and p[0] == c'"'
            p = decimal_at(p + quoted, &decimal)
            if p == NULL:
                return NULL
            if kind == LATENCY:
                record.latency = decimal.digits / <double>TENS[decimal.places]
            elif (kind == SHARE or kind == MONEY) and exceeds(decimal, self._most[field]):
                return NULL
            elif kind == MONEY:
                record.billed = nanos(decimal)
                if quoted and p[0] != c'"':
                    return NULL
                p += quoted
            return p
        p = whole(p, &number)
        if p == NULL:
            return NULL
        if kind == TOKENS:
            record.tokens[self._place[field]] = number
            return p if number <= self._most[field] else NULL
        if kind == MOMENT:
            record.ts = number
            return p if self._first_ms <= number < self._last_ms else NULL
        if kind == STATUS:
            record.status = number
            return p if number < self._fates.shape[1] - 1 else NULL
        if kind == ATTEMPT:
            record.retry = number > 1
            return p if 1 <= number <= self._most[field] else NULL
        return p  # WHOLE

    cdef int _word(self, int field) except -2:
        """The place of what was found among the words of the field; -1 where it is none of them."""
        cdef int i = 0
        for word in <tuple>self._words[field]:
            if same(span_of(word), self._found[field]):
                return i
            i += 1
        return -1

    cdef int64_t _leaf(self) except -2:
        """The number of the leaf that was found; -1 where it is not known."""
        cdef uint8_t[KEY_BYTES] key
        cdef Py_ssize_t size = 0
        cdef Span text
        cdef int i
        for i in range(self._leaf_fields):
            text = self._found[self._leaf_field[i]]
            memcpy(key + size, text.at, text.size)
            size += text.size
            key[size] = 0
            size += 1
        cdef PyObject* number = PyDict_GetItem(self._leaves, PyBytes_FromStringAndSize(<const char*>key, size - 1))
        return -1 if number == NULL else PyLong_AsLongLong(<object>number)


cdef inline Span span_of(bytes raw) noexcept:
    cdef Span span
    span.at, span.size = <Text>PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw)
    return span


cdef inline bint same(Span a, Span b) noexcept nogil:
    return a.size == b.size and memcmp(a.at, b.at, a.size) == 0


cdef inline Text skip(Text p) noexcept nogil:
    """Behind white space."""
    while p[0] == c" " or p[0] == c"\n" or p[0] == c"\r" or p[0] == c"\t":
        p += 1
    return p


cdef inline Text string(Text p, Span* found) noexcept nogil:
    """Behind a plain string; what is between its quotes."""
    if p[0] != c'"':
        return NULL
    found.at = p + 1
    p += 1
    while GOES_ON[p[0]]:
        p += 1
    found.size = p - found.at
    return p + 1 if p[0] == c'"' else NULL


cdef inline Text literal(Text p, const char* word) noexcept nogil:
    while word[0]:
        if p[0] != <uint8_t>word[0]:
            return NULL
        p += 1
        word += 1
    return p


cdef inline bint is_digit(uint8_t character) noexcept nogil:
    return <uint8_t>(character - c"0") < 10


cdef inline Text whole(Text p, int64_t* number) noexcept nogil:
    """Behind a number without sign, point or exponent, of at most 18 digits."""
    cdef Text begin = p
    number[0] = 0
    while is_digit(p[0]) and p - begin < 18:
        number[0] = 10 * number[0] + (p[0] - c"0")
        p += 1
    if p == begin or (begin[0] == c"0" and p - begin > 1) or is_digit(p[0]) or p[0] == c"." or p[0] | 0x20 == c"e":
        return NULL
    return p


cdef inline Text decimal_at(Text p, Decimal* decimal) noexcept nogil:
    """Behind a number without sign or exponent, of at most 15 digits, which a double holds exactly."""
    cdef Text begin = p
    cdef Text point = NULL
    decimal.digits = 0
    while is_digit(p[0]) or (p[0] == c"." and point == NULL and p > begin):
        if p[0] == c".":
            point = p
        else:
            decimal.digits = 10 * decimal.digits + (p[0] - c"0")
        p += 1
        if p - begin > 16:
            return NULL
    if p == begin or p - 1 == point or p[0] == c"." or p[0] | 0x20 == c"e" or p - begin - (point != NULL) > 15:
        return NULL
    decimal.places = 0 if point == NULL else p - point - 1
    return NULL if begin[0] == c"0" and is_digit(begin[1]) else p


cdef inline Text anything(Text p) noexcept nogil:
    """Behind a value of a field that nobody knows."""
    cdef Span text
    cdef Decimal decimal
    if p[0] == c'"':
        return string(p, &text)
    if p[0] == c"n":
        return literal(p, b"null")
    if p[0] == c"t":
        return literal(p, b"true")
    return literal(p, b"false") if p[0] == c"f" else decimal_at(p, &decimal)


cdef inline bint exceeds(Decimal decimal, int64_t most) noexcept nogil:
    cdef int64_t whole_part = decimal.digits // TENS[decimal.places]
    return whole_part > most or (whole_part == most and decimal.digits % TENS[decimal.places] != 0)


cdef inline int64_t nanos(Decimal dollars) noexcept nogil:
    """As nano-dollars, rounded half-even; of less than 9 billion dollars."""
    cdef int64_t unit, nano, rest
    if dollars.places <= 9:
        return dollars.digits * TENS[9 - dollars.places]
    unit = TENS[dollars.places - 9]
    nano, rest = dollars.digits // unit, dollars.digits % unit
    return nano + (2 * rest > unit or (2 * rest == unit and nano % 2 == 1))


cdef inline bint parts_fit(Record* record) noexcept nogil:
    """Whether the parts of tokens are no more than their total, where that is known."""
    if record.tokens[0] >= 0 and max(record.tokens[2], 0) + max(record.tokens[3], 0) > record.tokens[0]:
        return False
    return record.tokens[1] < 0 or record.tokens[4] <= record.tokens[1]
