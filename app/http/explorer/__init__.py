"""The explorer: GraphiQL in the browser, served wholly from this package."""
