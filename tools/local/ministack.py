"""MiniStack, which stands in for AWS: CloudFormation, Lambda, API Gateway, SQS, schedules, logs.

`serve_ministack` is its program.
"""

import http.client
import shutil
import sys
from pathlib import Path

from tools.local.parts import Part
from tools.local.ports import HOST

REGION = "us-east-1"
_KEEPS_ITS_STATE = "1"
_AS_MANY_AS_ON_AWS = "1000"


def ministack(folder: Path, port: int, log: Path, *, temporary: Path) -> Part:
    """The server that keeps its state under `folder` when it is stopped, not when it is killed."""
    return Part(
        name="ministack",
        label="MiniStack",
        port=port,
        command=(sys.executable, "-m", "tools.local.serve_ministack", str(port)),
        folder=folder,
        log=log,
        answers=lambda: _answers(port),
        environment={
            **credentials(port),
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": HOST,
            "PERSIST_STATE": _KEEPS_ITS_STATE,
            "STATE_DIR": str(folder / "state"),
            "S3_PERSIST": _KEEPS_ITS_STATE,
            "S3_DATA_DIR": str(folder / "s3"),
            "LAMBDA_EXECUTOR": "local",
            "LAMBDA_ACCOUNT_CONCURRENCY": _AS_MANY_AS_ON_AWS,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
            "TMPDIR": str(temporary),
        },
        prepare=lambda: _empty(temporary),
    )


def credentials(port: int) -> dict[str, str]:
    """What boto3 must know to speak to MiniStack and never to AWS itself."""
    return {
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def endpoint(port: int) -> str:
    """Where every AWS service answers."""
    return f"http://{HOST}:{port}"


def _empty(temporary: Path) -> None:
    """Functions that ran are unpacked there, once each; nobody else removes them."""
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1.0)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
