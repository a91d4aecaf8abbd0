"""boto3's clients for the emulated AWS, made when first asked for: each takes 0.1 s."""

from functools import cache
from typing import Any

from tools.local.ministack import credentials, endpoint

type Client = Any
"""boto3 makes its clients' methods at run time; it has no types for them."""


@cache
def client(service: str, port: int) -> Client:
    """The client of one service of the MiniStack on `port`; never of AWS itself."""
    import boto3  # noqa: PLC0415 -- 0.3 s that `parley status` need not pay

    known = credentials(port)
    return boto3.client(
        service,
        endpoint_url=endpoint(port),
        region_name=known["AWS_REGION"],
        aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
    )
