"""FAISS over rows of vectors with ids; knows no documents, and imports without torch."""
