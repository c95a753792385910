"""Kamailio's tables as its own scripts make them for version 5.6, with the columns that its configuration adds."""

FLAGS = "tollbook_flags"
TAGS = "from_tag varchar(128) NOT NULL DEFAULT '', to_tag varchar(128) NOT NULL DEFAULT ''"
_LOGGED = f"""
    id serial PRIMARY KEY, method varchar(16) NOT NULL DEFAULT '', {TAGS},
    callid varchar(255) NOT NULL DEFAULT '', sip_code varchar(3) NOT NULL DEFAULT '',
    sip_reason varchar(128) NOT NULL DEFAULT '', time timestamp NOT NULL,
    src_user varchar(128), dst_user varchar(128), src_ip varchar(64)
"""
TABLES = f"""
    CREATE TABLE version (id serial PRIMARY KEY, table_name varchar(32) NOT NULL UNIQUE, table_version int NOT NULL);
    INSERT INTO version (table_name, table_version) VALUES ('acc', 5), ('acc_cdrs', 2), ('missed_calls', 4);
    CREATE TABLE acc ({_LOGGED});
    CREATE INDEX acc_callid_idx ON acc (callid);
    CREATE TABLE missed_calls ({_LOGGED});
    CREATE TABLE acc_cdrs (
        id serial PRIMARY KEY,
        start_time timestamp NOT NULL DEFAULT '2000-01-01', end_time timestamp NOT NULL DEFAULT '2000-01-01',
        duration real NOT NULL DEFAULT 0,
        caller varchar(128), callee varchar(128), callid varchar(255), {TAGS}, src_ip varchar(64)
    );
    CREATE INDEX acc_cdrs_start_time_idx ON acc_cdrs (start_time);
    CREATE TABLE subscriber (
        id serial PRIMARY KEY, username varchar(64) NOT NULL, domain varchar(64) NOT NULL, UNIQUE (username, domain)
    );
    CREATE TABLE {FLAGS} (
        key varchar(255) PRIMARY KEY, flag varchar(16) NOT NULL CHECK (flag IN ('suspended', 'outbound_only')),
        since timestamptz NOT NULL DEFAULT now()
    );
"""
