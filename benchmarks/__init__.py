"""Commands that measure jaxseg, beside other programs where there are any."""
