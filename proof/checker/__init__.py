"""The checker: judges a finished run by what is stored, published and remembered, and by nothing the services say of themselves."""
