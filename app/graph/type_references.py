# mypy: disable-error-code="name-defined"
# ruff: noqa: F821
"""References to types of other modules by name, because types refer to each other in cycles and imports cannot.

Type checkers do not see these names: importing the types for them would make the import cycles that this file avoids.
"""

from typing import Annotated

import strawberry

ASSIGNMENT = Annotated["Assignment", strawberry.lazy("app.graph.positions.position")]
CELL = Annotated["ComplianceCell", strawberry.lazy("app.graph.compliance.cell")]
CREDENTIAL = Annotated["Credential", strawberry.lazy("app.graph.credentials.credential")]
EVENT = Annotated["Event", strawberry.lazy("app.graph.events.event")]
EXEMPTION = Annotated["Exemption", strawberry.lazy("app.graph.exemptions.exemption")]
ORG_UNIT = Annotated["OrgUnit", strawberry.lazy("app.graph.organizations.organization")]
OWNER = Annotated["CredentialOwner", strawberry.lazy("app.graph.workers.person")]
POSITION = Annotated["Position", strawberry.lazy("app.graph.positions.position")]
REQUEST = Annotated["CredentialRequest", strawberry.lazy("app.graph.credential_requests.credential_request")]
RULE = Annotated["RequirementRule", strawberry.lazy("app.graph.requirement_rules.requirement_rule")]
VERSION = Annotated["CredentialVersion", strawberry.lazy("app.graph.credentials.version")]
WORKER = Annotated["Worker", strawberry.lazy("app.graph.workers.worker")]
