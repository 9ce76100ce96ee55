"""Words as their readers take them: of texts that are indexed, and of questions."""
