-- ISO 3166-2: provinces, states, districts..., from Debian's iso-codes.
CREATE TABLE IF NOT EXISTS subdivision (
	code    text PRIMARY KEY CHECK (code ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$'),
	country text NOT NULL REFERENCES country,
	name    text NOT NULL,
	type    text NOT NULL,
	parent  text REFERENCES subdivision DEFERRABLE INITIALLY DEFERRED -- children may come before parents
);

CREATE INDEX IF NOT EXISTS subdivision_of_country ON subdivision (country, code);

-- A parent is written with its country ('GB-ENG') or without ('NX', in AZ-BAB).
\set content `cat /usr/share/iso-codes/json/iso_3166-2.json`
INSERT INTO subdivision
SELECT code, left(code, 2), name, type,
	CASE WHEN parent LIKE '__-%' THEN parent ELSE left(code, 3) || parent END
FROM jsonb_to_recordset(:'content'::jsonb -> '3166-2') AS source (code text, name text, type text, parent text)
ON CONFLICT (code) DO UPDATE
SET (country, name, type, parent) = (excluded.country, excluded.name, excluded.type, excluded.parent)
WHERE subdivision IS DISTINCT FROM excluded;
