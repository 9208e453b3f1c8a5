# Names of record kinds: kind-<kind>.
