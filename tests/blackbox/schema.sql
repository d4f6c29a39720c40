-- What the endpoints of this folder work on.

-- Settings that would change how values look; the service must not depend on what it finds.
DO $$ BEGIN
	EXECUTE format('ALTER DATABASE %I SET DateStyle = ''German''', current_database());
	EXECUTE format('ALTER DATABASE %I SET IntervalStyle = ''sql_standard''', current_database());
	EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database());
	EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -3', current_database());
	EXECUTE format('ALTER DATABASE %I SET client_encoding = ''LATIN1''', current_database());
	EXECUTE format('ALTER DATABASE %I SET TimeZone = ''UTC''', current_database());
END $$;

CREATE TABLE item (
	id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name   text NOT NULL CONSTRAINT item_name_key UNIQUE,
	amount integer CONSTRAINT amount_is_not_negative CHECK (amount >= 0),
	parent bigint CONSTRAINT item_parent_fkey REFERENCES item (id)
);

CREATE TABLE number (n bigint PRIMARY KEY);

-- Fails with any SQLSTATE that is asked for.
CREATE FUNCTION fail_with(state text, message text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message;
END $$;

-- Gives the number back, but every tenth fails and says which it was.
CREATE FUNCTION number_or_failure(n bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	IF n % 10 = 0 THEN
		RAISE EXCEPTION 'number % fails', n;
	END IF;
	RETURN n;
END $$;

-- Writes the way a function hidden behind a SELECT does.
CREATE FUNCTION write_in_secret(name text) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO item (name) VALUES (name) RETURNING id;
$$;

CREATE FUNCTION say_nothing() RETURNS void LANGUAGE sql AS $$ SELECT $$;

CREATE FUNCTION forget_statements() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;

CREATE FUNCTION run_what_is_missing() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'EXECUTE session_missing_too'; END $$;

CREATE PROCEDURE add_item(name text) LANGUAGE sql AS $$
	INSERT INTO item (name) VALUES (name);
$$;

CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN percentage AS integer CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE pair AS (a integer, b text);

-- A table that even the superuser of the tests may not read this way.
CREATE ROLE nobody_in_particular NOLOGIN;
CREATE TABLE secret (id integer);
CREATE FUNCTION read_secret() RETURNS SETOF secret LANGUAGE sql SECURITY DEFINER AS $$ SELECT * FROM secret $$;
ALTER FUNCTION read_secret() OWNER TO nobody_in_particular;

-- A table of parts.
CREATE TABLE measurement (year integer NOT NULL) PARTITION BY LIST (year);
CREATE TABLE measurement_2026 PARTITION OF measurement FOR VALUES IN (2026);
CREATE DOMAIN something AS text NOT NULL;
