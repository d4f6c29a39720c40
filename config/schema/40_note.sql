-- What clients write: a note on a country.
CREATE TABLE IF NOT EXISTS note (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	country    text NOT NULL REFERENCES country,
	body       text NOT NULL CONSTRAINT note_body_length CHECK (length(body) BETWEEN 1 AND 2000),
	tags       text[] NOT NULL DEFAULT '{}' CONSTRAINT note_tags_count CHECK (cardinality(tags) <= 20),
	extra      jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS note_of_country ON note (country, id);
