"""What is printed once everything is up: where to go, who to be, and one call that works."""

from tools.local.demo import EMAIL, ORGANIZATION
from tools.local.plan import Plan

_TEXT = """
Parley is up.

  Chat page     {page}
  API           {api}   (documentation: {api}/docs)
  Demo log-in   {email}   {password}   (organisation {organization})

For example, whether every store answers:

  curl -s {api}/health/ready

`parley chat` talks in the terminal; `parley status` says how it is; Ctrl-C or `parley down` ends.
"""


def welcome(plan: Plan) -> str:
    """The text for this laptop cloud."""
    return _TEXT.format(
        page=plan.addresses["page"],
        api=plan.addresses["api"],
        email=EMAIL,
        password=plan.secrets.demo_password,
        organization=ORGANIZATION,
    )
