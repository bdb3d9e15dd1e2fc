"""Web pages and Rich Text."""
