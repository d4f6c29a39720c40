-- ISO 639-3: languages, from Debian's iso-codes; alpha_2 is the ISO 639-1 code, where there is one.
CREATE TABLE IF NOT EXISTS language (
	alpha_3 text PRIMARY KEY CHECK (alpha_3 ~ '^[a-z]{3}$'),
	alpha_2 text UNIQUE CHECK (alpha_2 ~ '^[a-z]{2}$'),
	name    text NOT NULL,
	scope   text NOT NULL CHECK (scope IN ('individual', 'macrolanguage', 'special')),
	type    text NOT NULL CHECK (type IN ('living', 'extinct', 'ancient', 'historical', 'constructed', 'special'))
);

\set content `cat /usr/share/iso-codes/json/iso_639-3.json`
INSERT INTO language
SELECT alpha_3, alpha_2, name,
	CASE scope WHEN 'I' THEN 'individual' WHEN 'M' THEN 'macrolanguage' WHEN 'S' THEN 'special' END,
	CASE type WHEN 'L' THEN 'living' WHEN 'E' THEN 'extinct' WHEN 'A' THEN 'ancient' WHEN 'H' THEN 'historical'
		WHEN 'C' THEN 'constructed' WHEN 'S' THEN 'special' END
FROM jsonb_to_recordset(:'content'::jsonb -> '639-3') AS source (alpha_3 text, alpha_2 text, name text, scope text,
	type text)
ON CONFLICT (alpha_3) DO UPDATE
SET (alpha_2, name, scope, type) = (excluded.alpha_2, excluded.name, excluded.scope, excluded.type)
WHERE language IS DISTINCT FROM excluded;
