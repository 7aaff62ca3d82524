"""The player component: data for the browser, events from it, its routes."""
