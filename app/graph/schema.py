"""The schema: every noun's queries and mutations together."""

from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type

from app.graph import (
    api_key,
    applicant,
    attachment_changes,
    compliance,
    compliance_lists,
    credential,
    credential_changes,
    credential_lifecycle,
    credential_ownership,
    credential_request,
    credential_request_changes,
    credential_review,
    credential_type,
    credential_verification,
    credential_version_changes,
    errors,
    event,
    exemption,
    node,
    organization,
    position,
    position_changes,
    requirement_rule,
    viewer,
    worker,
    worker_changes,
)
from app.graph.execution.documents import UsePrepared
from app.graph.execution.selecting import DEFINITION
from app.graph.scalars import SCALARS

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
        *compliance.QUERIES,
        *compliance_lists.QUERIES,
        *event.QUERIES,
        *api_key.QUERIES,
    ],
    description="Everything that can be asked.",
)
Mutation = create_type(
    "Mutation",
    [
        *organization.MUTATIONS,
        *worker_changes.MUTATIONS,
        *applicant.MUTATIONS,
        *credential_type.MUTATIONS,
        *credential_changes.MUTATIONS,
        *credential_version_changes.MUTATIONS,
        *credential_request_changes.MUTATIONS,
        *credential_review.MUTATIONS,
        *credential_verification.MUTATIONS,
        *credential_ownership.MUTATIONS,
        *credential_lifecycle.MUTATIONS,
        *attachment_changes.MUTATIONS,
        *position_changes.MUTATIONS,
        *requirement_rule.MUTATIONS,
        *exemption.MUTATIONS,
        *api_key.MUTATIONS,
    ],
    description="Everything that can be changed. Each field is one transaction, and stands alone in its document.",
)


class Schema(strawberry.Schema):
    """Strawberry's schema, leaving the logging of errors to the door that knows which ones are faults."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing here (see `errors.describe`)."""

    def _extend_introspection(self) -> None:
        """Tell which inputs take exactly one member in graphql-core's own way; Strawberry's fails on wrapped types."""
        for kind in self._schema.type_map.values():
            definition = kind.extensions.get(DEFINITION)
            if isinstance(kind, GraphQLInputObjectType) and getattr(definition, "is_one_of", False):
                kind.is_one_of = True


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=[*errors.USER_ERRORS],
    extensions=[UsePrepared],
    config=StrawberryConfig(scalar_map=SCALARS),
)


def core_schema() -> GraphQLSchema:
    """The schema as graphql-core has it, for parsing, validating and comparing."""
    return schema._schema
