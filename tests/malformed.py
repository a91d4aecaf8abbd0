"""Bodies that no route may take, and none may stumble over: 300 for each valid body."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, cycle
from typing import Any

BODIES = 300


@dataclass(frozen=True)
class Malformed:
    """One body; `raw` travels as base64, as API Gateway hands over what is not text."""

    name: str
    text: str = ""
    raw: bytes | None = None

    @property
    def body(self) -> str:
        return self.text if self.raw is None else base64.b64encode(self.raw).decode()

    def __str__(self) -> str:
        return self.name


def malformed(valid: dict[str, Any], fields: list[str]) -> list[Malformed]:
    """300 bodies, none of them valid; `fields` are all that a valid one may have.

    Each category comes as often as there is something new in it; wrong values for the fields fill
    what is left.
    """
    ends = list(dict.fromkeys((fields[0], fields[-1])))
    every = chain(
        _not_json(valid),
        _not_objects(valid),
        _not_numbers(fields),
        _too_much(ends),
        _not_utf8(valid),
        _twice(ends),
        _controls(ends),
        _unknown(valid),
        _wrong(fields),
    )
    found: dict[tuple[str, bytes | None], Malformed] = {}
    while len(found) < BODIES:
        body = next(every)
        found.setdefault((body.text, body.raw), replace(body, name=f"{len(found)} {body.name}"))
    return list(found.values())


def _not_json(valid: dict[str, Any]) -> Iterator[Malformed]:
    text = json.dumps(valid)
    for cut in range(1, min(len(text), 30)):
        yield Malformed(f"cut after {cut}", text[:cut])
    odd = [
        " ", "\n", "\ufeff" + text, text + text, text + ",", "," + text, text[:-1] + ",}",
        "{'a': 1}", "{a: 1}", '{"a" 1}', '{"a":}', '{"a":1 "b":2}', '{"a":01}', '{"a":+1}',
        '{"a":.5}', '{"a":1.}', '{"a":0x10}', '{"a":1e}', '{"a":"\\x41"}', '{"a":"\\u12"}',
        '{"a":"\t"}', '{"a":"\n"}', '{"a":undefined}', '{"a":True}', "/* */" + text,
        "// c\n" + text, text + "\x00", "<a/>", "a=1&b=2", "%7B%7D",
        "--x\r\n\r\n--x--", "---\na: 1",
    ]  # fmt: skip
    for number, body in enumerate(odd):
        yield Malformed(f"no JSON {number}", body)


def _not_objects(valid: dict[str, Any]) -> Iterator[Malformed]:
    values: list[Any] = [
        None, True, False, 0, -1, 1.5, "", "text", [], [None], [[]], [valid], [valid, valid],
        list(valid.items()), json.dumps(valid),
    ]  # fmt: skip
    for value in values:
        yield Malformed(f"no object {str(value)[:30]}", json.dumps(value))


def _not_numbers(fields: list[str]) -> Iterator[Malformed]:
    for number in (
        "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 20, "-" + "9" * 20,
        "1" + "0" * 400,
        "9" * 5_000, "1" * 100_000,
    ):  # fmt: skip
        yield Malformed(f"{number[:12]} as a value", f'{{"{fields[0]}": {number}}}')
        yield Malformed(f"{number[:12]} deep", f'{{"{fields[-1]}": {{"a": [{number}]}}}}')


def _too_much(ends: list[str]) -> Iterator[Malformed]:
    for field in ends:
        for depth in (33, 100, 1_000, 10_000, 80_000):
            yield Malformed(f"{field}: arrays {depth} deep", _nested(field, "[", "]", depth))
            yield Malformed(
                f"{field}: objects {depth} deep", _nested(field, '{"a":', "}", depth, "1")
            )
            yield Malformed(f"{field}: {depth} opened", f'{{"{field}": ' + "[" * depth)
        for size in (262_144, 300_000, 1_000_000):
            yield Malformed(f"{field}: {size} characters", json.dumps({field: "a" * size}))
        yield Malformed(
            f"{field}: 100,000 bytes of four",
            json.dumps({field: "\U0001f600" * 66_000}, ensure_ascii=False),
        )
    yield Malformed("10,000 unknown fields", json.dumps({f"k{n}": n for n in range(10_000)}))


def _nested(field: str, opening: str, closing: str, depth: int, inmost: str = "") -> str:
    return f'{{"{field}": ' + opening * depth + inmost + closing * depth + "}"


def _not_utf8(valid: dict[str, Any]) -> Iterator[Malformed]:
    text = json.dumps(valid)
    for number, octets in enumerate(
        (
            b"\xff", b"\xfe\xff", b"\x80", b"\xc0\x80", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80",
            b"\xed\xbf\xbf", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
            b"\xc1\xbf",
        )
    ):  # fmt: skip
        yield Malformed(f"not UTF-8 {number}", raw=b'{"a": "' + octets + b'"}')
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-32-be"):
        yield Malformed(f"in {encoding}", raw=text.encode(encoding))
    yield Malformed("gzip", raw=b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")
    yield Malformed("zeros", raw=bytes(1_000))


def _twice(ends: list[str]) -> Iterator[Malformed]:
    for field in ends:
        yield Malformed(f"{field} twice", f'{{"{field}": "a", "{field}": "b"}}')
        yield Malformed(
            f"{field} twice, escaped", f'{{"{field}": 1, "\\u{ord(field[0]):04x}{field[1:]}": 1}}'
        )
        yield Malformed(f"{field}: twice inside", f'{{"{field}": {{"a": 1, "a": 1}}}}')
        yield Malformed(f"{field}: twice in a list", f'{{"{field}": [{{"a": 1, "a": 2}}]}}')


def _controls(ends: list[str]) -> Iterator[Malformed]:
    for field in ends:
        for code in (0, 1, 7, 8, 0x0B, 0x0C, 0x1B, 0x1F, 0x7F, 0xD800, 0xDFFF):
            yield Malformed(f"{field}: U+{code:04X}", f'{{"{field}": "a\\u{code:04x}b"}}')
        yield Malformed(f"{field}: U+0000 in a key", f'{{"{field}": {{"\\u0000": 1}}}}')
        yield Malformed(f"{field}: U+D800 in a list", f'{{"{field}": ["\\ud800"]}}')
    yield Malformed("U+0000 as a field", '{"\\u0000": 1}')


def _unknown(valid: dict[str, Any]) -> Iterator[Malformed]:
    for field in (
        "tenant_id",
        "id",
        "rev",
        "role",
        "is_admin",
        "created_by",
        "__proto__",
        "$where",
    ):
        yield Malformed(f"unknown {field}", json.dumps({**valid, field: "x"}))
        yield Malformed(f"unknown {field} alone", json.dumps({field: {"$gt": ""}}))


def _wrong(fields: list[str]) -> Iterator[Malformed]:
    """Values that are wrong for a text, an enumeration and an object of known fields alike."""
    values: list[Any] = [
        [], [[]], [1], [None], [{}], 0, -1, 1.5, 10**18, 1e300, True, False, [True], ["a", "b"],
        [{"$gt": ""}], [{"a": [1]}],
    ]  # fmt: skip
    for number, value in enumerate(cycle(values)):
        field = fields[(number // len(values)) % len(fields)]
        turn = number // (len(values) * len(fields))
        yield Malformed(f"{field} = {value!r} ({turn})", json.dumps({field: value, f"no{turn}": 1}))
