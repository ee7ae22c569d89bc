"""The explorer: GraphiQL in the browser, with all its files served from this package."""
