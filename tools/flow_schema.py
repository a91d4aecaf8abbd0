"""`python -m tools.flow_schema`: write `docs/flow.schema.json`, by which editors complete flows.

JSON Schema 2020-12, from the models that read a flow; a test insists that it is current. In a YAML
flow, `# yaml-language-server: $schema=...` names it.
"""

import json
import sys
from pathlib import Path
from typing import Any

from parley.domain.flows import FlowDocument

DOCUMENT = Path(__file__).parents[1] / "docs/flow.schema.json"

_FIELDS = {
    ("FlowDocument", "schema"): "The language and its version: always `parley/1`.",
    ("FlowDocument", "initial_state"): "The state in which conversations begin.",
    ("FlowDocument", "variables"): "Every variable, with its start value.",
    ("FlowDocument", "slots"): "What conversations collect from customers, by name.",
    ("FlowDocument", "intents"): "What customers may want, by name, each with examples.",
    ("FlowDocument", "global_transitions"): "Ways that are open in every state that waits.",
    ("FlowDocument", "texts"): "Shared texts, used as {text: name}.",
    ("Transition", "condition"): "When the transition holds.",
    ("Transition", "condition_value"): "An intent, a slot, a payload, a confidence or an error.",
    ("Transition", "expression"): "CEL that must be true too.",
    ("Transition", "target_state"): "The state it leads to; `$previous` is the one left last.",
    ("Transition", "priority"): "Lower is tried first; equal ones in the order written.",
}


def flow_schema() -> dict[str, Any]:
    """The schema of a whole flow document."""
    schema = FlowDocument.model_json_schema()
    for (model, field), description in _FIELDS.items():
        owner = schema if model == "FlowDocument" else schema["$defs"][model]
        owner["properties"][field]["description"] = description
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Parley flow (parley/1)",
    }


def written(schema: dict[str, Any]) -> str:
    """As it stands in the file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the file and says where it is."""
    DOCUMENT.write_text(written(flow_schema()))
    sys.stdout.write(f"{DOCUMENT}\n")


if __name__ == "__main__":
    main()
