# What the store says: store-<code>.
