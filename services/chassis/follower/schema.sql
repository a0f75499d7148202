-- What followers keep beside their positions. {schema} is the service's name. Change this file only together with a new migration.

-- The relay's memory of each partition: last position of the last acknowledged batch, and the first offset that Kafka gave it.
CREATE TABLE {schema}.relay_partitions (
    epoch        integer NOT NULL,
    partition    integer NOT NULL,
    position     bigint NOT NULL,
    kafka_offset bigint NOT NULL,
    PRIMARY KEY (epoch, partition)
) WITH (fillfactor = 50);

-- A source we listen to: its epoch, and what counts as history from before our first deployment.
CREATE TABLE {schema}.listens (
    follower     text NOT NULL,
    source       text NOT NULL,
    epoch        integer NOT NULL,
    starts_after bigint NOT NULL,
    partitions   integer NOT NULL CHECK (partitions > 0),
    muted_until  bigint NOT NULL,         -- in positions of `epoch` at first deployment: recorded, and nothing requested of others
    PRIMARY KEY (follower, source)
);

-- What the source last said of itself, and up to which instant we therefore know everything.
CREATE TABLE {schema}.watermarks (
    follower         text NOT NULL,
    source           text NOT NULL,
    epoch            integer NOT NULL,
    partition        integer NOT NULL,
    head_position    bigint NOT NULL,     -- of this partition
    head_through     timestamptz NOT NULL,
    complete_through timestamptz,         -- null before a head was reached
    PRIMARY KEY (follower, source, epoch, partition)
) WITH (fillfactor = 50);

-- Facts that wait: one that failed and those of its key behind it, or one of a type this build does not know.
-- Each has a token in positions (follower = '<follower>/<position>'), moved from 1 to 2 with its effects: heard once, whatever crashes.
CREATE TABLE {schema}.parked (
    follower   text NOT NULL,
    source     text NOT NULL,
    epoch      integer NOT NULL,
    partition  integer NOT NULL,
    position   bigint NOT NULL,
    key        uuid NOT NULL,             -- the teller's stream
    type_name  text NOT NULL,
    reason     text NOT NULL,             -- error type and code, never its text; empty for one that waits behind another
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts   integer NOT NULL DEFAULT 1,
    is_unheard boolean NOT NULL,
    retry      boolean NOT NULL DEFAULT false,
    record     bytea NOT NULL,            -- acuerdo.common.v1.Record
    PRIMARY KEY (follower, source, epoch, position)
);
CREATE INDEX parked_key ON {schema}.parked (follower, source, key, position);
CREATE INDEX parked_retry ON {schema}.parked (follower, source, partition) WHERE retry;

-- Facts that our business refused: an outcome, kept to be looked at.
CREATE TABLE {schema}.refused_facts (
    follower   text NOT NULL,
    source     text NOT NULL,
    epoch      integer NOT NULL,
    position   bigint NOT NULL,
    key        uuid NOT NULL,
    type_name  text NOT NULL,
    reason     text NOT NULL,             -- the refusal's name
    refused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (follower, source, epoch, position)
);

-- Asked for by an operator, done by whoever holds the lease: 'relay' or 'view:<name>'.
CREATE TABLE {schema}.rebuilds (
    follower     text PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Timers that are due and come to nothing: tried again later, reported, never in the way of the others.
CREATE TABLE {schema}.timer_troubles (
    stream_id uuid NOT NULL,
    key       text NOT NULL,
    version   integer NOT NULL,
    due       timestamptz NOT NULL,
    attempts  integer NOT NULL,
    reason    text NOT NULL,
    retry_at  timestamptz NOT NULL,       -- real time
    PRIMARY KEY (stream_id, key)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.positions, {schema}.relay_partitions, {schema}.listens, {schema}.watermarks, {schema}.parked,
    {schema}.refused_facts, {schema}.rebuilds, {schema}.timer_troubles TO {schema}_follower;
GRANT SELECT ON {schema}.timers, {schema}.epochs, {schema}.log_counter, {schema}.events TO {schema}_follower;
