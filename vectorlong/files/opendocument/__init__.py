"""OpenDocument: texts, presentations and drawings, as LibreOffice and others write them."""
