-- First layout (docs/protocol.md, Server tables). Ids are 16-byte blobs; device ids and positions are 64-bit numbers kept bit for bit.
CREATE TABLE tenant (
    tenant INTEGER PRIMARY KEY, id BLOB NOT NULL, name TEXT NOT NULL, root BLOB NOT NULL, server_device INTEGER NOT NULL,
    epoch BLOB NOT NULL, epoch_no INTEGER NOT NULL, head_seq INTEGER NOT NULL, head_chain BLOB NOT NULL, reparent_seq INTEGER NOT NULL,
    tomb_floor INTEGER NOT NULL, backup_at INTEGER NOT NULL,
    event_no INTEGER NOT NULL, event_chain BLOB NOT NULL
) STRICT;
CREATE TABLE op (
    tenant INTEGER NOT NULL, seq INTEGER NOT NULL, device INTEGER NOT NULL, gen INTEGER NOT NULL, n INTEGER NOT NULL,
    record BLOB NOT NULL, kind INTEGER NOT NULL, bytes BLOB NOT NULL, hash BLOB NOT NULL, chain BLOB NOT NULL,
    actor BLOB NOT NULL, role TEXT NOT NULL, home BLOB NOT NULL, recv_at INTEGER NOT NULL, outcome BLOB NOT NULL, refused INTEGER NOT NULL, outside BLOB,
    was BLOB, PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX op_by_number ON op (tenant, device, gen, n);
CREATE INDEX op_by_record ON op (tenant, record);
CREATE INDEX op_was ON op (tenant, was) WHERE was IS NOT NULL;
CREATE TABLE record (
    tenant INTEGER NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, unit BLOB NOT NULL, last_seq INTEGER NOT NULL,
    tomb_seq INTEGER, about BLOB, follows BLOB, points BLOB, body BLOB NOT NULL, PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_by_unit ON record (tenant, unit, last_seq, kind, tomb_seq);
CREATE INDEX record_by_seq ON record (tenant, last_seq);
CREATE INDEX record_about ON record (tenant, about) WHERE about IS NOT NULL;
CREATE INDEX record_follows ON record (tenant, follows) WHERE follows IS NOT NULL;
CREATE INDEX record_points ON record (tenant, points) WHERE points IS NOT NULL;
CREATE INDEX record_series ON record (tenant, id) WHERE kind = 1002;
CREATE TABLE scope_exit (
    tenant INTEGER NOT NULL, unit BLOB NOT NULL, record BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (tenant, unit, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX scope_exit_by_seq ON scope_exit (tenant, unit, seq);
CREATE TABLE unique_value (
    tenant INTEGER NOT NULL, kind INTEGER NOT NULL, field INTEGER NOT NULL, value_key BLOB NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (tenant, kind, field, value_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE unit (
    tenant INTEGER NOT NULL, id BLOB NOT NULL, parent BLOB, PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE account (
    tenant INTEGER NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, unit BLOB NOT NULL, disabled INTEGER NOT NULL,
    PRIMARY KEY (tenant, id), UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE device (
    tenant INTEGER NOT NULL, id INTEGER NOT NULL, account BLOB NOT NULL, public_key BLOB NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
    generation INTEGER NOT NULL, last_n INTEGER NOT NULL, last_hash BLOB NOT NULL, durable_n INTEGER NOT NULL, acked_seq INTEGER NOT NULL,
    scope_token INTEGER NOT NULL, last_seen INTEGER NOT NULL, outbox_depth INTEGER NOT NULL, app_version TEXT NOT NULL,
    clock_off_ms INTEGER NOT NULL, wipe INTEGER NOT NULL, clone_seen_at INTEGER NOT NULL, PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, account) REFERENCES account (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
    tenant INTEGER NOT NULL, token BLOB NOT NULL, device INTEGER NOT NULL, nonce BLOB NOT NULL, expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, token), UNIQUE (tenant, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_end ON session (tenant, expires_at);
CREATE TABLE code (
    tenant INTEGER NOT NULL, hash BLOB NOT NULL, account BLOB NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER,
    PRIMARY KEY (tenant, hash), FOREIGN KEY (tenant, account) REFERENCES account (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE durable (
    tenant INTEGER NOT NULL, device INTEGER NOT NULL, gen INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (tenant, device, gen)
) STRICT, WITHOUT ROWID;
CREATE TABLE scope (
    tenant INTEGER NOT NULL, token INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (tenant, token)
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm (
    tenant INTEGER NOT NULL, no INTEGER NOT NULL, at INTEGER NOT NULL, word TEXT NOT NULL, device INTEGER, detail TEXT NOT NULL,
    PRIMARY KEY (tenant, no)
) STRICT, WITHOUT ROWID;
CREATE TABLE event (
    tenant INTEGER NOT NULL, no INTEGER NOT NULL, at INTEGER NOT NULL, word TEXT NOT NULL, device INTEGER, actor BLOB, detail TEXT NOT NULL, chain BLOB NOT NULL,
    PRIMARY KEY (tenant, no)
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    tenant INTEGER NOT NULL, device INTEGER NOT NULL, gen INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL,
    recv_at INTEGER NOT NULL, no INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (tenant, device, gen, n, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (
    tenant INTEGER PRIMARY KEY, key BLOB NOT NULL
) STRICT;
