"""Windows: small requests of one integration to one campaign, held to be scored together."""
