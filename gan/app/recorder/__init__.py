"""The recorder component: data for the browser, takes from it."""
