-- name: type_all :one
-- route: GET /types
-- summary: One value of every kind that a row's JSON distinguishes.
SELECT
	(-32768)::int2                                        AS int2,
	2147483647::int4                                      AS int4,
	9223372036854775807::int8                             AS int8,
	1.5::float4                                           AS float4,
	0.1::float8                                           AS float8,
	1e300::float8                                         AS huge,
	12345678901234567890.1234567890::numeric              AS "numeric",
	true                                                  AS yes,
	false                                                 AS no,
	'{"b" : 1,  "a":[1,2.50 ]}'::json                     AS json,
	'{"b" : 1,  "a":[1,2.50 ]}'::jsonb                    AS jsonb,
	'2026-11-22'::date                                    AS date,
	'10:00:00.5'::time                                    AS time,
	'2026-11-22 10:00:00.5'::timestamp                    AS timestamp,
	'2026-11-22 10:00:00.5+02'::timestamptz               AS timestamptz,
	'1 day 02:03:04'::interval                            AS interval,
	'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid          AS uuid,
	'\x00ff10'::bytea                                     AS bytea,
	'plain'::text                                         AS text,
	'happy'::mood                                         AS mood,
	42::percentage                                        AS percentage,
	'192.168.0.1'::inet                                   AS inet,
	ROW(1, 'x')::pair                                     AS pair,
	'[1,5)'::int4range                                    AS range;

-- name: type_special :one
-- route: GET /types/special
SELECT
	'NaN'::float8               AS nan,
	'Infinity'::float8          AS infinity,
	'-Infinity'::float4         AS minus_infinity,
	'NaN'::numeric              AS numeric_nan,
	'Infinity'::numeric         AS numeric_infinity,
	'infinity'::timestamptz     AS timestamptz_infinity,
	'0044-03-15 BC'::date       AS before_christ,
	'{"a":null}'::json          AS json_null_inside,
	'null'::jsonb               AS json_null,
	'""'::json                  AS json_empty_string,
	''::bytea                   AS no_bytes,
	''::text                    AS no_text;

-- name: type_null :one
-- route: GET /types/null
SELECT
	NULL::int4 AS int4, NULL::float8 AS float8, NULL::numeric AS "numeric", NULL::bool AS bool, NULL::json AS json,
	NULL::int4[] AS ints, NULL::timestamptz AS timestamptz, NULL::bytea AS bytea, NULL::text AS text, NULL::uuid AS uuid;

-- name: type_arrays :one
-- route: GET /types/arrays
SELECT
	'{1,2,NULL}'::int4[]                                                         AS ints,
	'{{1,2},{3,4}}'::int8[]                                                      AS matrix,
	'[0:1]={7,8}'::int4[]                                                        AS from_zero,
	'{}'::int4[]                                                                 AS nothing,
	ARRAY['plain', 'with space', 'a "quote"', 'back\slash', 'com,ma', '', 'NULL', NULL, '{brace}']::text[] AS texts,
	'{t,f,NULL}'::bool[]                                                         AS bools,
	'{1.50,NaN}'::numeric[]                                                      AS numerics,
	'{0.5,Infinity}'::float8[]                                                   AS floats,
	ARRAY['{"a": 1}', '[1,  2]', 'null']::json[]                                 AS jsons,
	ARRAY['2026-11-22 10:00:00+00']::timestamptz[]                               AS timestamps,
	ARRAY['\x00ff10', NULL]::bytea[]                                             AS byteas,
	ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']::uuid[]                        AS uuids,
	ARRAY['happy', 'sad']::mood[]                                                AS moods;

-- name: type_texts :one
-- route: GET /types/texts
SELECT
	E'quote " backslash \\ slash /'           AS escapes,
	E'\b\f\n\r\t'                             AS short_escapes,
	E'\x01\x1f'                               AS control,
	chr(127)                                  AS delete,
	'äöü € 😀'                                AS unicode,
	1                                         AS "a ""key"" \ ä";

-- name: type_void :one
-- route: GET /types/void
SELECT say_nothing() AS nothing;

-- name: echo_int2 :one
-- route: GET /echo/int2
SELECT :value::int2 AS value;
-- name: echo_int4 :one
-- route: GET /echo/int4
SELECT :value::int4 AS value;
-- name: echo_int8 :one
-- route: GET /echo/int8
SELECT :value::int8 AS value;
-- name: echo_float4 :one
-- route: GET /echo/float4
SELECT :value::float4 AS value;
-- name: echo_float8 :one
-- route: GET /echo/float8
SELECT :value::float8 AS value;
-- name: echo_numeric :one
-- route: GET /echo/numeric
SELECT :value::numeric AS value;
-- name: echo_bool :one
-- route: GET /echo/bool
SELECT :value::bool AS value;
-- name: echo_bools :one
-- route: GET /echo/bools
SELECT :value::bool[] AS value;
-- name: path_bool :one
-- route: GET /path-bool/{value}
SELECT :value::bool AS value;
-- name: echo_text :one
-- route: GET /echo/text
SELECT :value::text AS value;
-- name: echo_json :one
-- route: GET /echo/json
SELECT :value::json AS value;
-- name: echo_uuid :one
-- route: GET /echo/uuid
SELECT :value::uuid AS value;
-- name: echo_bytea :one
-- route: GET /echo/bytea
SELECT :value::bytea AS value;
-- name: echo_date :one
-- route: GET /echo/date
SELECT :value::date AS value;
-- name: echo_time :one
-- route: GET /echo/time
SELECT :value::time AS value;
-- name: echo_timestamp :one
-- route: GET /echo/timestamp
SELECT :value::timestamp AS value;
-- name: echo_timestamptz :one
-- route: GET /echo/timestamptz
SELECT :value::timestamptz AS value;
-- name: echo_interval :one
-- route: GET /echo/interval
SELECT :value::interval AS value;
-- name: echo_mood :one
-- route: GET /echo/mood
SELECT :value::mood AS value;
-- name: echo_inet :one
-- route: GET /echo/inet
SELECT :value::inet AS value;
-- name: echo_range :one
-- route: GET /echo/range
SELECT :value::int4range AS value;
-- name: echo_regclass :one
-- route: GET /echo/regclass
SELECT :value::regclass AS value;
-- name: echo_tsquery :one
-- route: GET /echo/tsquery
SELECT :value::tsquery AS value;
-- name: echo_percentage :one
-- route: GET /echo/percentage
SELECT :value::percentage AS value;
-- name: stream_moods :many
-- route: GET /stream-moods
-- stream
SELECT :mood::mood AS mood;
-- name: cast_to_date :one
-- route: GET /cast-to-date/{text}
SELECT :text::text::date AS value;
-- name: cast_to_time :one
-- route: GET /cast-to-time/{text}
SELECT :text::text::time AS value;
-- name: cast_to_timestamp :one
-- route: GET /cast-to-timestamp/{text}
SELECT :text::text::timestamp AS value;
-- name: cast_to_timestamptz :one
-- route: GET /cast-to-timestamptz/{text}
SELECT :text::text::timestamptz AS value;
-- name: cast_to_float4 :one
-- route: GET /cast-to-float4/{text}
SELECT :text::text::float4 AS value;
-- name: cast_to_float8 :one
-- route: GET /cast-to-float8/{text}
SELECT :text::text::float8 AS value;
-- name: cast_to_numeric :one
-- route: GET /cast-to-numeric/{text}
SELECT :text::text::numeric AS value;
-- name: cast_to_interval :one
-- route: GET /cast-to-interval/{text}
SELECT :text::text::interval AS value;
-- name: echo_ints :one
-- route: GET /echo/ints
SELECT :value::int4[] AS value;
-- name: echo_texts :one
-- route: GET /echo/texts
SELECT :value::text[] AS value;

-- name: echo_body :one
-- route: POST /echo
-- param: int2 = null
-- param: int4 = null
-- param: int8 = null
-- param: float8 = null
-- param: numeric = null
-- param: bool = null
-- param: text = null
-- param: json = null
-- param: jsonb = null
-- param: uuid = null
-- param: bytea = null
-- param: date = null
-- param: time = null
-- param: timestamp = null
-- param: timestamptz = null
-- param: interval = null
-- param: mood = null
-- param: ints = null
-- param: texts = null
-- param: jsons = null
SELECT
	:int2::int2 AS int2, :int4::int4 AS int4, :int8::int8 AS int8, :float8::float8 AS float8,
	:numeric::numeric AS numeric, :bool::bool AS bool, :text::text AS text, :json::json AS json, :jsonb::jsonb AS jsonb,
	:uuid::uuid AS uuid, :bytea::bytea AS bytea, :date::date AS date, :time::time AS time,
	:timestamp::timestamp AS timestamp, :timestamptz::timestamptz AS timestamptz, :interval::interval AS interval,
	:mood::mood AS mood, :ints::int4[] AS ints, :texts::text[] AS texts, :jsons::json[] AS jsons;
