"""Deploy the project's template and code to MiniStack: the whole stack, or only what changed.

CloudFormation gets the same template as on AWS. If only handlers were edited, each is put straight
into its function, which takes well under a second.
"""

import base64
import fcntl
import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from botocore.exceptions import ClientError

from parley.domain.json import JsonObject
from tools.local.archives import archive, empty_archive, files_of, fingerprint
from tools.local.aws import client
from tools.local.gateway import complete
from tools.local.places import ROOT, Places, read_json, write_json
from tools.local.stack import Stack
from tools.local.template import handlers, read_template, with_code

STACK = "parley-local"
_BUCKET = "parley-local-code"


class Change(StrEnum):
    """What a deployment had to do."""

    NOTHING = "nothing had changed"
    FUNCTIONS = "functions updated"
    STACK = "stack deployed"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment did; `functions` are those whose code it replaced one by one."""

    change: Change
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """The files that are deployed."""

    root: Path = ROOT

    @property
    def functions(self) -> Path:
        return self.root / "functions"

    @property
    def shared(self) -> Path:
        return self.root / "shared"

    @property
    def template(self) -> Path:
        return self.root / "template.yaml"

    def stack_fingerprint(self, parameters: Mapping[str, str]) -> str:
        """Changes with whatever CloudFormation must know of: all but the handlers' texts."""
        handlers_there = [name for name, _ in files_of(self.functions)]
        parts = (
            self.template.read_text(),
            fingerprint(self.shared),
            [*parameters.items(), *handlers_there],
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def handler_fingerprints(self) -> dict[str, str]:
        """Each function's, by logical id: of the one file that is its handler."""
        texts = dict(files_of(self.functions))
        return {
            name: hashlib.sha256(texts.get(file, b"")).hexdigest()
            for name, file in handlers(read_template(self.template)).items()
        }


@dataclass(frozen=True, slots=True)
class Deployer:
    """Brings the MiniStack on `port` to the state of the project's files."""

    places: Places
    port: int
    parameters: Mapping[str, str]
    project: Project = Project()

    def deploy(self) -> Deployed:
        """Do what is needed and no more; two at once wait for each other.

        Raises CloudError with CloudFormation's own reason.
        """
        with _alone(self.places):
            known = read_json(self.places.deployed)
            wanted = self.project.stack_fingerprint(self._parameters)
            present = self._stack.fingerprint()
            if present == wanted == known.get("stack") and self._has_its_queues(known):
                functions = self._update_functions(known)
                return Deployed(Change.FUNCTIONS if functions else Change.NOTHING, functions)
            if not self._has_its_queues(known):
                self._stack.delete()
            self._deploy_stack(wanted)
            return Deployed(Change.STACK)

    @property
    def _stack(self) -> Stack:
        return Stack(STACK, self.port)

    @property
    def _parameters(self) -> dict[str, str]:
        machine = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
        return {**self.parameters, "Stage": "local", "Architecture": machine}

    def _has_its_queues(self, known: JsonObject) -> bool:
        """MiniStack, killed, forgets what it had not saved: a stack may outlive its queues."""
        urls = [url for name, url in known.get("outputs", {}).items() if name.endswith("QueueUrl")]
        try:
            for url in urls:
                client("sqs", self.port).get_queue_attributes(
                    QueueUrl=url, AttributeNames=["QueueArn"]
                )
        except ClientError:
            return False
        return True

    def _deploy_stack(self, wanted: str) -> None:
        code = self._functions_archive()
        layers = {
            "shared/": archive(
                self.project.shared, bytecode=self.places.bytecode, prefix="python/"
            ),
            "layers/dependencies/": empty_archive(),
        }
        template = with_code(
            read_template(self.project.template),
            functions=self._upload(code),
            layers={folder: self._upload(content) for folder, content in layers.items()},
        )
        self._stack.change(template, self._parameters, fingerprint=wanted)
        names = self._stack.functions()
        if api := self._stack.outputs().get("RestApiId"):
            complete(template, api, self._parameters, self.port)
        self._put_code(names.values(), code)
        self._remember(wanted, names)

    def _update_functions(self, known: JsonObject) -> tuple[str, ...]:
        """Replace the code of each function whose handler changed, or that has another one's."""
        names: dict[str, str] = known["names"]
        wanted = self.project.handler_fingerprints()
        present = self._code()
        changed = tuple(
            logical
            for logical, name in names.items()
            if wanted[logical] != known["handlers"][logical]
            or present.get(name) != known["code"][logical]
        )
        if changed:
            self._put_code([names[logical] for logical in changed], self._functions_archive())
            self._remember(known["stack"], names)
        return changed

    def _functions_archive(self) -> bytes:
        return archive(self.project.functions, bytecode=self.places.bytecode)

    def _code(self) -> dict[str, str]:
        """The digest of each function's code, by the function's name."""
        pages = client("lambda", self.port).get_paginator("list_functions").paginate()
        return {
            function["FunctionName"]: function["CodeSha256"]
            for page in pages
            for function in page["Functions"]
        }

    def _put_code(self, names: Iterable[str], code: bytes) -> None:
        """Give the functions this code, unless they have it."""
        digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
        present = self._code()
        for name in names:
            if present.get(name) != digest:
                client("lambda", self.port).update_function_code(FunctionName=name, ZipFile=code)

    def _upload(self, content: bytes) -> str:
        """Where CloudFormation finds it: the same content, the same place."""
        storage = client("s3", self.port)
        key = hashlib.sha256(content).hexdigest() + ".zip"
        with suppress(storage.exceptions.BucketAlreadyOwnedByYou):
            storage.create_bucket(Bucket=_BUCKET)
        storage.put_object(Bucket=_BUCKET, Key=key, Body=content)
        return f"s3://{_BUCKET}/{key}"

    def _remember(self, stack: str, names: dict[str, str]) -> None:
        present = self._code()
        write_json(
            self.places.deployed,
            {
                "stack": stack,
                "outputs": self._stack.outputs(),
                "names": names,
                "handlers": self.project.handler_fingerprints(),
                "code": {logical: present[name] for logical, name in names.items()},
            },
        )


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    """Wait for another deployment of the same laptop cloud to end."""
    places.home.mkdir(parents=True, exist_ok=True)
    with (places.home / "deploying").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
