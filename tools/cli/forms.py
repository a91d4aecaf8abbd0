"""A form in the terminal: shown as lines, and asked for field by field.

While one is open each line that is typed answers the next field: an option by its title, `-` for
nothing. `/leave` puts the form aside; what is typed then is said as usual.
"""

import sys

from parley.domain.json import Json, JsonObject

NOTHING = "-"
LEAVE = "/leave"


class Filling:
    """A form that is being filled in."""

    def __init__(self, form: JsonObject) -> None:
        self._left: list[JsonObject] = list(form["fields"])
        self._values: JsonObject = {}

    @classmethod
    def of(cls, content: JsonObject) -> "Filling | None":
        """Shows the form of a message and asks for its first field; None where there is none."""
        form = content.get("form")
        if form is None:
            return None
        for text in (form.get("title"), form.get("description")):
            if text:
                print(f"  {text}")
        for field in form["fields"]:
            print(f"  {_line(field)}")
        print(f"  (one by one: {NOTHING} leaves a field empty, {LEAVE} the form)")
        filling = cls(form)
        filling.ask()
        return filling

    def ask(self) -> None:
        """Says which field is next; apart from the answers, which a pipe may read."""
        sys.stdout.flush()
        print(f"{self._left[0]['label']}:", file=sys.stderr)

    def take(self, line: str) -> JsonObject | None:
        """Notes the answer to the next field; the content to send once there is none left."""
        field = self._left.pop(0)
        if line != NOTHING:
            self._values[field["name"]] = _meant(field, line)
        if self._left:
            self.ask()
            return None
        return {"type": "form", "values": self._values}


def _line(field: JsonObject) -> str:
    mark = "*" if field["required"] else ""
    options = " ".join(f"[{option['title']}]" for option in field.get("options", ()))
    told = [f"{field['label']}{mark}:", options or field["type"], field.get("help", "")]
    return " ".join(part for part in told if part)


def _meant(field: JsonObject, line: str) -> Json:
    """An option's value by its title; all else as it was typed: the flow reads it."""
    for option in field.get("options", ()):
        if line.casefold() == option["title"].casefold():
            return option["value"]
    return line
