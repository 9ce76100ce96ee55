"""Archives of XML parts, as Office programs write them."""
