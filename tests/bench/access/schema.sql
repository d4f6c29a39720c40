-- For scripts/bench-identity. May be run again.
SET client_min_messages = warning;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bench_login') THEN
        CREATE ROLE bench_login LOGIN NOINHERIT;
        CREATE ROLE bench_reader;
        GRANT bench_reader TO bench_login;
    END IF;
END
$$;
CREATE TABLE IF NOT EXISTS item (id integer PRIMARY KEY, owner text NOT NULL, balance integer NOT NULL);
INSERT INTO item SELECT id, 'owner ' || id % 64, 0 FROM generate_series(1, 100000) id ON CONFLICT DO NOTHING;
GRANT SELECT ON item TO bench_login, bench_reader;
VACUUM ANALYZE item;
