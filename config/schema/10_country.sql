-- ISO 3166-1: countries, from Debian's iso-codes.
CREATE TABLE IF NOT EXISTS country (
	alpha_2       text PRIMARY KEY CHECK (alpha_2 ~ '^[A-Z]{2}$'),
	alpha_3       text NOT NULL UNIQUE CHECK (alpha_3 ~ '^[A-Z]{3}$'),
	numeric       text NOT NULL UNIQUE CHECK (numeric ~ '^[0-9]{3}$'), -- a code, not a number: '004'
	name          text NOT NULL,
	official_name text,
	common_name   text,
	flag          text NOT NULL
);

\set content `cat /usr/share/iso-codes/json/iso_3166-1.json`
INSERT INTO country
SELECT alpha_2, alpha_3, numeric, name, official_name, common_name, flag
FROM jsonb_to_recordset(:'content'::jsonb -> '3166-1') AS source (alpha_2 text, alpha_3 text, numeric text, name text,
	official_name text, common_name text, flag text)
ON CONFLICT (alpha_2) DO UPDATE
SET (alpha_3, numeric, name, official_name, common_name, flag)
	= (excluded.alpha_3, excluded.numeric, excluded.name, excluded.official_name, excluded.common_name, excluded.flag)
WHERE country IS DISTINCT FROM excluded;
