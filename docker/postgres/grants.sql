-- The service reads the atlas and writes notes. It owns nothing and creates nothing.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO meantime;
GRANT INSERT, UPDATE, DELETE ON note TO meantime;
