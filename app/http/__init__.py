"""HTTP endpoints: GraphQL, the explorer, files, evidence packs, registry pushes and health."""
