"""Training: recipes over the trainers of transformers and sentence-transformers."""
