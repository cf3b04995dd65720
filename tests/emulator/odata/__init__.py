"""OData as Graph speaks it: paths, query options, types, pages."""
