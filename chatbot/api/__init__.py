"""Two ways for programs to ask: our own at /api/ (`native`), and OpenAI's at /v1/ (`compatible`), by the same keys."""
