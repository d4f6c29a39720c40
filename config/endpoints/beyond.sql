-- What can be waited for besides the database. The SQL of these endpoints is not run: `-- work:` names what runs instead,
-- and the SQL says which parameters it takes and what it gives.

-- name: delay :one
-- route: GET /delay/{ms}
-- summary: Answers after so many milliseconds; no thread and no connection waits with the client.
-- param: ms  0 to 60000
-- timeout: 61s
-- work: delay
SELECT :ms::integer AS ms;

-- name: fibonacci_number :one
-- route: GET /fibonacci/{n}
-- summary: The n-th Fibonacci number, with all its digits; computed by a compute thread.
-- param: n  0 to 10000000
-- timeout: 30s
-- work: fibonacci_number
SELECT :n::integer AS n, NULL::integer AS digits, NULL::numeric AS value;

-- name: primes :one
-- route: GET /primes/{below}
-- summary: How many primes there are below a number; computed by all compute threads together.
-- param: below  1 to 10000000000
-- timeout: 30s
-- work: primes
SELECT :below::bigint AS below, NULL::bigint AS count;

-- name: fibonacci_numbers :many
-- route: GET /fibonacci
-- summary: The Fibonacci numbers, one after the other, without end: computed as the client takes them.
-- param: limit = null  how many at most
-- param: above = null  only those above this number
-- param: stop_after = null  the first that is not below this number is the last
-- stream
-- work: fibonacci_numbers
SELECT NULL::bigint AS n, NULL::numeric AS value WHERE (:limit::bigint, :above::numeric, :stop_after::numeric) IS NULL;

-- name: titles :many
-- route: POST /titles
-- summary: The titles of pages of other hosts, each as soon as it is there: a line a page, or an array with Accept: application/json.
-- param: urls  1 to 1000, http or https
-- param: concurrency = 10  pages at once, 1 to 100
-- param: rate = null  requests a second to one host, 0.1 to 1000
-- param: sequential = false  one page after another, in their order
-- timeout: 60s
-- stream
-- work: titles
SELECT NULL::text AS url, NULL::text AS final_url, NULL::integer AS status, NULL::text AS title, NULL::bigint AS bytes,
	NULL::numeric AS dns_ms, NULL::numeric AS connect_ms, NULL::numeric AS wait_ms, NULL::numeric AS transfer_ms, NULL::text AS error
WHERE (:urls::text[], :concurrency::integer, :rate::double precision, :sequential::boolean) IS NULL;
