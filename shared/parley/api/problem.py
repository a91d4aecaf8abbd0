"""The one shape of every error answer: problem details (RFC 9457)."""

from pydantic import Field

from parley.api.bodies import View


class FaultView(View):
    """One thing wrong with the request."""

    pointer: str = Field(
        description=(
            "JSON Pointer (RFC 6901) into the body; for anything else it begins with "
            "`/query/`, `/path/` or `/headers/`."
        ),
        examples=["/content/text"],
    )
    message: str = Field(examples=["String should have at most 5000 characters"])


class Problem(View):
    """Why a request could not be served."""

    type: str = Field(
        description="Names the kind of problem; opens its explanation.",
        examples=["/v1/docs#problem-invalid"],
    )
    title: str = Field(description="The kind of problem, in words.", examples=["Invalid"])
    status: int = Field(description="The HTTP status, again.", examples=[422])
    detail: str = Field(description="This problem, in words.", examples=["1 field is not valid"])
    instance: str = Field(
        description="The request's id: quote it when you ask for help.",
        examples=["0198f6a2-6f0e-7cc3-98c4-dc0c0c07398f"],
    )
    code: int = Field(description="A stable number for programs.", examples=[2001])
    errors: list[FaultView] | None = Field(
        default=None, description="Each thing wrong with the input, all of them at once."
    )
