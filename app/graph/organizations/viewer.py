"""The `Viewer` type and its query."""

from app.access import Actor, ActorKind, Role, Scope
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, query
from app.graph.dsl.types import as_output, output, scalar
from app.graph.organizations.organization import Organization
from app.graph.type_references import WORKER
from app.organizations import queries as organizations
from app.workers import queries as workers


@output
class Viewer:
    """The authenticated caller, and the caller's permissions."""

    kind: ActorKind = scalar("The type of the viewer: a program or a person.")
    id: str = scalar("The id of the API key, or the person's subject at their identity provider.")
    name: str = scalar("The name of the API key or person.")
    scopes: list[Scope] = scalar("The scopes of the viewer.", derived=lambda actor: sorted(actor.scopes))
    roles: list[Role] = scalar("The roles that grant the scopes; empty for an API key.")
    organization: Organization | None = edge(
        organizations.by_id, "The viewer's organization.", key="organization_id", scope=None
    )
    worker: WORKER | None = edge(
        workers.by_id,
        "The viewer's worker record; null if the viewer is not a worker.",
        key="worker_id",
        scope=Scope.WORKERS_READ,
        own=True,
    )


async def _viewer(_context: Context, actor: Actor) -> Viewer | None:
    return as_output(actor)


QUERIES = [query("viewer", _viewer, "Look up the authenticated caller.", scope=None)]
