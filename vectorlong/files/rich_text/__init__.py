"""Rich text (.rtf): its signs, its characters, and the text that they make up."""
