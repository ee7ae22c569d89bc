"""The GraphQL schema: the queries and mutations of every noun."""

from typing import Any

from graphql import GraphQLError, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type

from app.graph import compat, node
from app.graph.applicants import applicant
from app.graph.attachments import mutations as attachment_mutations
from app.graph.compliance import matrix, rollups
from app.graph.credential_requests import credential_request
from app.graph.credential_requests import mutations as credential_request_mutations
from app.graph.credential_types import credential_type
from app.graph.credentials import credential, version_mutations
from app.graph.credentials import lifecycle as credential_lifecycle
from app.graph.credentials import mutations as credential_mutations
from app.graph.credentials import ownership as credential_ownership
from app.graph.credentials import review as credential_review
from app.graph.credentials import verification as credential_verification
from app.graph.dsl import user_errors
from app.graph.dsl.scalars import SCALARS
from app.graph.events import event
from app.graph.execution.documents import UsePreparedDocument
from app.graph.exemptions import exemption
from app.graph.organizations import api_key, organization, viewer
from app.graph.positions import mutations as position_mutations
from app.graph.positions import position
from app.graph.requirement_rules import requirement_rule
from app.graph.workers import mutations as worker_mutations
from app.graph.workers import worker

Query = create_type(
    "Query",
    [
        *viewer.QUERIES,
        *node.QUERIES,
        *organization.QUERIES,
        *worker.QUERIES,
        *applicant.QUERIES,
        *credential_type.QUERIES,
        *credential.QUERIES,
        *credential_verification.QUERIES,
        *position.QUERIES,
        *requirement_rule.QUERIES,
        *exemption.QUERIES,
        *credential_request.QUERIES,
        *rollups.QUERIES,
        *matrix.QUERIES,
        *event.QUERIES,
        *api_key.QUERIES,
    ],
    description="The query root.",
)
Mutation = create_type(
    "Mutation",
    [
        *organization.MUTATIONS,
        *worker_mutations.MUTATIONS,
        *applicant.MUTATIONS,
        *credential_type.MUTATIONS,
        *credential_mutations.MUTATIONS,
        *version_mutations.MUTATIONS,
        *credential_request_mutations.MUTATIONS,
        *credential_review.MUTATIONS,
        *credential_verification.MUTATIONS,
        *credential_ownership.MUTATIONS,
        *credential_lifecycle.MUTATIONS,
        *attachment_mutations.MUTATIONS,
        *position_mutations.MUTATIONS,
        *requirement_rule.MUTATIONS,
        *exemption.MUTATIONS,
        *api_key.MUTATIONS,
    ],
    description="The mutation root. Each field runs in a transaction of its own, one after the other.",
)

DESCRIPTION = """The workforce credentials of one organization: who holds which licences, screenings and certificates,
whether each is verified, approved and in date, and who may therefore work where.

Root fields are grouped by noun: the viewer, records by id, the organization and its units, workers, applicants,
credential types, credentials with their requests, reviews, checks, owners and files, positions, requirement rules,
exemptions, compliance, activity, and API keys. A mutation is called after its noun and verb, and one over
many records after the plural (`credentialApprove`, `credentialsApprove`). Refusals of a mutation are in `errors` of its
payload, each with the path of the input and a code; a refused mutation changes nothing."""

ONE_OF = "Takes exactly one of its fields."


class Schema(compat.CoreSchema):
    """The schema. It logs no errors, because `user_errors.format_error` logs the unexpected ones."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing."""

    def as_str(self) -> str:
        """Return the schema in the schema definition language, with the descriptions that Strawberry leaves out."""
        roots = "  query: Query\n  mutation: Mutation"
        return f'"""\n{DESCRIPTION}\n"""\nschema {{\n{roots}\n}}\n\n"""{ONE_OF}"""\n{super().as_str()}'


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=[*user_errors.USER_ERRORS],
    extensions=[UsePreparedDocument],
    config=StrawberryConfig(scalar_map=SCALARS),
)
schema.core.description = DESCRIPTION


def core_schema() -> GraphQLSchema:
    """Return the schema as graphql-core knows it, for parsing, validation and plans."""
    return schema.core
