-- The notebook. Each identity reads what is shared and what is its own, and changes and removes its own. An editor reads
-- and removes any note. PostgreSQL itself sees to it: row-level security. This file may be run again at any time.

BEGIN;
SET LOCAL client_min_messages = warning;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{notebook,notebook_writer,notebook_editor}'::text[] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
    END LOOP;
END
$$;

-- The service logs in as this role. It owns nothing, may do nothing, and becomes the role of each request.
ALTER ROLE notebook LOGIN NOINHERIT;
GRANT notebook_writer, notebook_editor TO notebook;

CREATE SCHEMA IF NOT EXISTS notebook;
GRANT USAGE ON SCHEMA notebook TO notebook, notebook_writer, notebook_editor;

CREATE TABLE IF NOT EXISTS notebook.note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner text NOT NULL,
    is_shared boolean NOT NULL DEFAULT false,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 2000),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS note_owner ON notebook.note (owner);

GRANT SELECT, INSERT, DELETE, UPDATE (is_shared, body) ON notebook.note TO notebook_writer, notebook_editor;

-- The name in the token of the request; NULL without one.
CREATE OR REPLACE FUNCTION notebook.name() RETURNS text STABLE LANGUAGE sql AS
$$SELECT nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'$$;

ALTER TABLE notebook.note ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own ON notebook.note;
DROP POLICY IF EXISTS shared ON notebook.note;
DROP POLICY IF EXISTS read_any ON notebook.note;
DROP POLICY IF EXISTS remove_any ON notebook.note;
CREATE POLICY own ON notebook.note USING (owner = notebook.name()) WITH CHECK (owner = notebook.name());
CREATE POLICY shared ON notebook.note FOR SELECT USING (is_shared);
CREATE POLICY read_any ON notebook.note FOR SELECT TO notebook_editor USING (true);
CREATE POLICY remove_any ON notebook.note FOR DELETE TO notebook_editor USING (true);

COMMIT;
