-- How long GET /wait/{ms} may wait; a domain, so that PostgreSQL refuses the rest.
DO $$
BEGIN
	IF to_regtype('wait_ms') IS NULL THEN
		CREATE DOMAIN wait_ms AS integer CONSTRAINT wait_ms_range CHECK (VALUE BETWEEN 0 AND 60000);
	END IF;
END
$$;
