"""Who is asking."""

from app.access import Actor, ActorKind, Role, Scope
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, query
from app.graph.dsl.types import as_value, output, scalar
from app.graph.organizations.organization import Organization
from app.graph.references import WORKER
from app.organizations import queries as organizations
from app.workers import queries as workers


@output
class Viewer:
    """Who is asking, and what they may do."""

    kind: ActorKind = scalar("A program or a person.")
    id: str = scalar("The id of the API key, or the person's subject at their identity provider.")
    name: str = scalar("The key's or the person's name.")
    scopes: list[Scope] = scalar("What you may do.", derived=lambda actor: sorted(actor.scopes))
    roles: list[Role] = scalar("The roles that the scopes come from; none for a key.")
    organization: Organization | None = edge(
        organizations.by_id, "Your organization.", key="organization_id", scope=None
    )
    worker: WORKER | None = edge(
        workers.by_id, "The worker that you are.", key="worker_id", scope=Scope.WORKERS_READ, own=True
    )


async def _viewer(_context: Context, actor: Actor) -> Viewer | None:
    return as_value(actor)


QUERIES = [query("viewer", _viewer, "Who you are, and what you may do.", scope=None)]
