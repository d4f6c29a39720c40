-- The service logs in as it does for the atlas, and becomes the role of each request.
ALTER ROLE meantime NOINHERIT;
GRANT notebook_writer, notebook_editor TO meantime;
GRANT USAGE ON SCHEMA notebook TO meantime;
