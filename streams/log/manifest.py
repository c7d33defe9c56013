"""The state of a stage -> named chunks and a manifest, and back; what a snapshot is made of. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.log.formats import FORMAT, Flaw, UnusableError, check_format, upgraded
from streams.log.state import pack, unpack
from streams.log.topics import PART_BYTES
from streams.unchanging import Unchanging


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot is made of.

    Attributes:
        position: the next offset of the source after what the state has seen.
        sections: for each, its path in the state and the names of its chunks, in order.
        digest: sha256 over everything else in the manifest.
    """

    format: int
    owner: str
    position: int
    sections: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    digest: str

    @property
    def chunks(self) -> set[str]:
        """Names of all chunks."""
        return {name for _, names in self.sections for name in names}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a state: its path there, its value where that never changes, and its chunks.

    Attributes:
        names: of the chunks, in order.
        chunks: what is in them, by name; empty once they are written.
    """

    path: tuple[str, ...]
    value: Any
    names: tuple[str, ...]
    chunks: Mapping[str, bytes]


def sections_of(state: Mapping[str, Any], lasting: Mapping[tuple[str, ...], Section]) -> list[Section]:
    """The state in sections of named chunks. A dict with text keys below the top is a section a key.

    Sections of `lasting` whose values are still there have their names already and are not packed again.
    """
    sections = []
    for path, value in _paths(state):
        known = lasting.get(path)
        if known is not None and known.value is value:
            sections.append(known)
        else:
            sections.append(_section(path, value))
    return sections


def _section(path: tuple[str, ...], value: Any) -> Section:
    packed = pack(value)
    chunks = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
    names = [hashlib.sha256(chunk).hexdigest() for chunk in chunks]
    return Section(path, value if isinstance(value, Unchanging) else None, tuple(names), dict(zip(names, chunks, strict=True)))


def _paths(state: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], Any]]:
    for name, value in state.items():
        if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
            yield from (((name, key), inner) for key, inner in value.items())
        else:
            yield (name,), value


def manifest_of(owner: str, position: int, sections: Iterable[Section]) -> Manifest:
    """The manifest of a snapshot of these sections."""
    named = tuple((each.path, each.names) for each in sections)
    manifest = Manifest(format=FORMAT, owner=owner, position=position, sections=named, digest="")
    return msgspec.structs.replace(manifest, digest=_digest(manifest))


def _digest(manifest: Manifest) -> str:
    covered = msgspec.json.encode(msgspec.structs.replace(manifest, digest=""))
    if manifest.format == 1:
        covered = "".join(name for _, names in manifest.sections for name in names).encode()
    return hashlib.sha256(covered).hexdigest()


def decode_manifest(raw: bytes) -> Manifest:
    """A manifest of a format that can be read; the number is looked at first, since a newer one may look different.

    Raises:
        UnusableError: when it cannot.
    """
    try:
        check_format(msgspec.json.decode(raw, type=_Numbered).format)
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnusableError(Flaw.MANIFEST, f"its manifest cannot be read: {error}") from error
    if manifest.digest != _digest(manifest):
        raise UnusableError(Flaw.DIGEST, "its manifest does not have the digest that it names")
    return manifest


class _Numbered(msgspec.Struct):
    format: int


def state_of(manifest: Manifest, key: str, chunks: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The state that a manifest names, as this version has it.

    Raises:
        UnusableError: when a chunk is missing, or is not what its name says.
    """
    state: dict[str, Any] = {}
    for path, names in manifest.sections:
        value = _unpacked([_chunk_of(chunks, f"{key}/{manifest.owner}/{name}", name) for name in names])
        if len(path) == 1:
            state[path[0]] = value
        else:
            state.setdefault(path[0], {})[path[1]] = value
    return upgraded(key, manifest.format, state)


def _chunk_of(chunks: Mapping[bytes, bytes], key: str, name: str) -> bytes:
    chunk = chunks.get(key.encode())
    if chunk is None:
        raise UnusableError(Flaw.MISSING_CHUNK, f"its chunk {name[:12]} is missing")
    if hashlib.sha256(chunk).hexdigest() != name:
        raise UnusableError(Flaw.CORRUPT_CHUNK, f"its chunk {name[:12]} is not what its name says")
    return chunk


def _unpacked(parts: list[bytes]) -> Any:
    try:
        return unpack(b"".join(parts))
    except Exception as error:
        raise UnusableError(Flaw.CORRUPT_CHUNK, f"its chunks cannot be unpacked: {error}") from error
