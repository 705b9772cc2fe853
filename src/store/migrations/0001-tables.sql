-- Persistent domains. A row never changes its driver, and a name belongs to one domain of a driver:
-- what memory should have refused, the file refuses too.
CREATE TABLE domain (
        uuid      BLOB NOT NULL PRIMARY KEY CHECK (length(uuid) = 16),
        driver    TEXT NOT NULL,
        name      TEXT NOT NULL,
        config    TEXT NOT NULL,
        autostart INTEGER NOT NULL CHECK (autostart IN (0, 1)),
        UNIQUE (driver, name)
) STRICT;

CREATE TRIGGER domain_keeps_driver BEFORE UPDATE OF driver ON domain
WHEN old.driver <> new.driver
BEGIN
        SELECT RAISE(ABORT, 'the uuid belongs to a domain of another driver');
END;

-- Active domains.
CREATE TABLE runtime (
        uuid       BLOB NOT NULL PRIMARY KEY CHECK (length(uuid) = 16),
        driver     TEXT NOT NULL,
        name       TEXT NOT NULL,
        id         INTEGER NOT NULL,
        pid        INTEGER NOT NULL,
        start_time INTEGER NOT NULL,
        boot_id    TEXT NOT NULL,
        config     TEXT NOT NULL,
        state      TEXT
) STRICT;

-- Managed save images.
CREATE TABLE image (
        uuid    BLOB NOT NULL PRIMARY KEY CHECK (length(uuid) = 16),
        path    TEXT NOT NULL,
        size    INTEGER NOT NULL,
        created INTEGER NOT NULL,
        paused  INTEGER NOT NULL CHECK (paused IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The journal of operations.
CREATE TABLE operation (
        id        INTEGER NOT NULL PRIMARY KEY,
        uuid      BLOB NOT NULL CHECK (length(uuid) = 16),
        driver    TEXT NOT NULL,
        name      TEXT NOT NULL,
        type      TEXT NOT NULL,
        args      TEXT NOT NULL,
        step      TEXT NOT NULL,
        committed INTEGER NOT NULL CHECK (committed IN (0, 1)),
        started   INTEGER NOT NULL
) STRICT;

-- What hypervisor binaries can do.
CREATE TABLE capability (
        path     TEXT NOT NULL PRIMARY KEY,
        inode    INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        facts    TEXT NOT NULL
) STRICT;
