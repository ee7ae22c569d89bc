# mypy: disable-error-code="name-defined"
# ruff: noqa: F821
"""Types that refer to each other across files, each by name and file: a graph is cyclic, imports are not.

To import the types here for the checkers' sake would be the cycle, and so the names are unknown to them.
"""

from typing import Annotated

import strawberry

ASSIGNMENT = Annotated["Assignment", strawberry.lazy("app.graph.position")]
CELL = Annotated["ComplianceCell", strawberry.lazy("app.graph.compliance_cell")]
CREDENTIAL = Annotated["Credential", strawberry.lazy("app.graph.credential")]
EVENT = Annotated["Event", strawberry.lazy("app.graph.event")]
EXEMPTION = Annotated["Exemption", strawberry.lazy("app.graph.exemption")]
ORG_UNIT = Annotated["OrgUnit", strawberry.lazy("app.graph.organization")]
OWNER = Annotated["CredentialOwner", strawberry.lazy("app.graph.person")]
POSITION = Annotated["Position", strawberry.lazy("app.graph.position")]
REQUEST = Annotated["CredentialRequest", strawberry.lazy("app.graph.credential_request")]
RULE = Annotated["RequirementRule", strawberry.lazy("app.graph.requirement_rule")]
VERSION = Annotated["CredentialVersion", strawberry.lazy("app.graph.credential_version")]
WORKER = Annotated["Worker", strawberry.lazy("app.graph.worker")]
