"""One CloudFormation stack in the emulated AWS."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from parley.domain.json import JsonObject
from tools.local.aws import Client, client
from tools.local.errors import CloudError

_FINGERPRINT = "parley:fingerprint"
_WITHIN_S = 180.0


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack called `name` in the MiniStack on `port`; `log` is where MiniStack says more."""

    name: str
    port: int

    def fingerprint(self) -> str | None:
        """What `change` was last told; None when there is no stack, or a failed one."""
        stack = self._describe()
        if stack is None or stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return None
        return next((tag["Value"] for tag in stack["Tags"] if tag["Key"] == _FINGERPRINT), None)

    def change(
        self, template: JsonObject, parameters: Mapping[str, str], *, fingerprint: str
    ) -> None:
        """Bring the stack to what `template` says, through a change set.

        Raises CloudError with the reason CloudFormation gave.
        """
        change_set = f"change-{time.time_ns()}"
        self._propose(change_set, template, parameters, fingerprint)
        created = _wait(
            lambda: self._cloudformation.describe_change_set(
                StackName=self.name, ChangeSetName=change_set
            ),
            until=lambda answer: answer["Status"] in {"CREATE_COMPLETE", "FAILED"},
        )
        if "contain changes" in (created.get("StatusReason") or ""):
            return
        if created["Status"] == "FAILED":
            raise CloudError(f"CloudFormation refused the change: {created.get('StatusReason')}")
        self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=change_set)
        done = _wait(
            lambda: self._describe() or {"StackStatus": "GONE"},
            until=lambda answer: not answer["StackStatus"].endswith("_IN_PROGRESS"),
        )
        if done["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise CloudError(f"the stack is {done['StackStatus']}: {self._first_failure()}")

    def delete(self) -> None:
        """Remove the stack and all it made, if it is there."""
        if self._describe() is not None:
            self._cloudformation.delete_stack(StackName=self.name)
            _wait(
                lambda: self._describe() or {"StackStatus": "DELETE_COMPLETE"},
                until=lambda answer: answer["StackStatus"] == "DELETE_COMPLETE",
            )

    def outputs(self) -> dict[str, str]:
        """What the template's Outputs came to."""
        stack = self._describe() or {}
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def functions(self) -> dict[str, str]:
        """The name of each function, by its logical id."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(
            StackName=self.name
        )
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }

    def _propose(
        self,
        change_set: str,
        template: JsonObject,
        parameters: Mapping[str, str],
        fingerprint: str,
    ) -> None:
        try:
            self._cloudformation.create_change_set(
                StackName=self.name,
                ChangeSetName=change_set,
                ChangeSetType="CREATE" if self._describe() is None else "UPDATE",
                TemplateBody=json.dumps(template, default=str),
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": value}
                    for name, value in parameters.items()
                ],
                Tags=[{"Key": _FINGERPRINT, "Value": fingerprint}],
            )
        except ClientError as error:
            raise CloudError(f"CloudFormation refused the template: {error}") from None

    @property
    def _cloudformation(self) -> Client:
        return client("cloudformation", self.port)

    def _describe(self) -> JsonObject | None:
        try:
            stacks: list[JsonObject] = self._cloudformation.describe_stacks(StackName=self.name)[
                "Stacks"
            ]
        except ClientError:
            return None
        living = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
        return living[0] if living else None

    def _first_failure(self) -> str:
        events = self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        failures = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
        if not failures:
            return "it gave no reason"
        first = failures[-1]
        return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason')}"


def _wait(ask: Callable[[], JsonObject], *, until: Callable[[JsonObject], bool]) -> JsonObject:
    deadline = time.monotonic() + _WITHIN_S
    while not until(answer := ask()):
        if time.monotonic() > deadline:
            raise CloudError(f"CloudFormation did not finish in {_WITHIN_S:.0f} s")
        time.sleep(0.05)
    return answer
