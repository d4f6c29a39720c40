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

-- What changes a note is told to the subscribers of GET /notes/live: what was done, and to which. A payload has 8,000
-- bytes at most, and a body may be longer: a client fetches what it shows.
CREATE OR REPLACE FUNCTION tell_of_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('notes', json_build_object('what', lower(TG_OP), 'id', coalesce(NEW.id, OLD.id))::text);
	RETURN NULL;
END $$;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'note_is_told' AND tgrelid = 'note'::regclass) THEN
		CREATE TRIGGER note_is_told AFTER INSERT OR UPDATE OR DELETE ON note
			FOR EACH ROW EXECUTE FUNCTION tell_of_note();
	END IF;
END $$;
