"""What documents of Office programs have in common: archives of parts, names, drawings."""
