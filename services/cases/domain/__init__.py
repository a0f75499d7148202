"""The business of cases. It knows the kernel's words and no technology."""
