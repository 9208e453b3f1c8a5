-- First layout (docs/protocol.md, Server tables). Ids are 16 bytes; device ids and positions are 64-bit numbers kept bit for bit.
CREATE TABLE tenant (
    tenant BIGINT PRIMARY KEY, id BYTEA NOT NULL, name TEXT COLLATE "C" NOT NULL, root BYTEA NOT NULL, server_device BIGINT NOT NULL,
    epoch BYTEA NOT NULL, epoch_no BIGINT NOT NULL, head_seq BIGINT NOT NULL, head_chain BYTEA NOT NULL, reparent_seq BIGINT NOT NULL,
    tomb_floor BIGINT NOT NULL, backup_at BIGINT NOT NULL,
    event_no BIGINT NOT NULL, event_chain BYTEA NOT NULL
);
CREATE TABLE op (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, device BIGINT NOT NULL, gen BIGINT NOT NULL, n BIGINT NOT NULL,
    record BYTEA NOT NULL, kind BIGINT NOT NULL, bytes BYTEA NOT NULL, hash BYTEA NOT NULL, chain BYTEA NOT NULL,
    actor BYTEA NOT NULL, role TEXT NOT NULL, home BYTEA NOT NULL, recv_at BIGINT NOT NULL, outcome BYTEA NOT NULL, refused BIGINT NOT NULL, outside BYTEA,
    was BYTEA, PRIMARY KEY (tenant, seq)
);
CREATE UNIQUE INDEX op_by_number ON op (tenant, device, gen, n);
CREATE INDEX op_by_record ON op (tenant, record);
CREATE INDEX op_was ON op (tenant, was) WHERE was IS NOT NULL;
CREATE TABLE record (
    tenant BIGINT NOT NULL, id BYTEA NOT NULL, kind BIGINT NOT NULL, unit BYTEA NOT NULL, last_seq BIGINT NOT NULL,
    tomb_seq BIGINT, about BYTEA, follows BYTEA, points BYTEA, body BYTEA NOT NULL, PRIMARY KEY (tenant, id)
);
CREATE INDEX record_by_unit ON record (tenant, unit, last_seq, kind, tomb_seq);
CREATE INDEX record_by_seq ON record (tenant, last_seq);
CREATE INDEX record_about ON record (tenant, about) WHERE about IS NOT NULL;
CREATE INDEX record_follows ON record (tenant, follows) WHERE follows IS NOT NULL;
CREATE INDEX record_points ON record (tenant, points) WHERE points IS NOT NULL;
CREATE INDEX record_series ON record (tenant, id) WHERE kind = 1002;
CREATE TABLE scope_exit (
    tenant BIGINT NOT NULL, unit BYTEA NOT NULL, record BYTEA NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (tenant, unit, record)
);
CREATE INDEX scope_exit_by_seq ON scope_exit (tenant, unit, seq);
CREATE TABLE unique_value (
    tenant BIGINT NOT NULL, kind BIGINT NOT NULL, field BIGINT NOT NULL, value_key BYTEA NOT NULL, record BYTEA NOT NULL,
    PRIMARY KEY (tenant, kind, field, value_key)
);
CREATE TABLE unit (
    tenant BIGINT NOT NULL, id BYTEA NOT NULL, parent BYTEA, PRIMARY KEY (tenant, id)
);
CREATE TABLE account (
    tenant BIGINT NOT NULL, id BYTEA NOT NULL, name TEXT COLLATE "C" NOT NULL, role TEXT NOT NULL, unit BYTEA NOT NULL, disabled BIGINT NOT NULL,
    PRIMARY KEY (tenant, id), UNIQUE (tenant, name)
);
CREATE TABLE device (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, account BYTEA NOT NULL, public_key BYTEA NOT NULL, name TEXT COLLATE "C" NOT NULL, state TEXT NOT NULL,
    generation BIGINT NOT NULL, last_n BIGINT NOT NULL, last_hash BYTEA NOT NULL, durable_n BIGINT NOT NULL, acked_seq BIGINT NOT NULL,
    scope_token BIGINT NOT NULL, last_seen BIGINT NOT NULL, outbox_depth BIGINT NOT NULL, app_version TEXT NOT NULL,
    clock_off_ms BIGINT NOT NULL, wipe BIGINT NOT NULL, clone_seen_at BIGINT NOT NULL, PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, account) REFERENCES account (tenant, id)
);
CREATE TABLE session (
    tenant BIGINT NOT NULL, token BYTEA NOT NULL, device BIGINT NOT NULL, nonce BYTEA NOT NULL, expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, token), UNIQUE (tenant, nonce)
);
CREATE INDEX session_by_end ON session (tenant, expires_at);
CREATE TABLE code (
    tenant BIGINT NOT NULL, hash BYTEA NOT NULL, account BYTEA NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT,
    PRIMARY KEY (tenant, hash), FOREIGN KEY (tenant, account) REFERENCES account (tenant, id)
);
CREATE TABLE durable (
    tenant BIGINT NOT NULL, device BIGINT NOT NULL, gen BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (tenant, device, gen)
);
CREATE TABLE scope (
    tenant BIGINT NOT NULL, token BIGINT NOT NULL, body BYTEA NOT NULL, PRIMARY KEY (tenant, token)
);
CREATE TABLE alarm (
    tenant BIGINT NOT NULL, no BIGINT NOT NULL, at BIGINT NOT NULL, word TEXT NOT NULL, device BIGINT, detail TEXT NOT NULL,
    PRIMARY KEY (tenant, no)
);
CREATE TABLE event (
    tenant BIGINT NOT NULL, no BIGINT NOT NULL, at BIGINT NOT NULL, word TEXT NOT NULL, device BIGINT, actor BYTEA, detail TEXT NOT NULL, chain BYTEA NOT NULL,
    PRIMARY KEY (tenant, no)
);
CREATE TABLE quarantine (
    tenant BIGINT NOT NULL, device BIGINT NOT NULL, gen BIGINT NOT NULL, n BIGINT NOT NULL, hash BYTEA NOT NULL, bytes BYTEA NOT NULL,
    recv_at BIGINT NOT NULL, no BIGINT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (tenant, device, gen, n, hash)
);
CREATE TABLE secret (
    tenant BIGINT PRIMARY KEY, key BYTEA NOT NULL
);
