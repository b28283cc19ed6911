"""Commands about networks, a module each: summary, predict, maps."""
