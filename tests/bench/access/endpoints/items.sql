-- What scripts/bench-identity loads: the same row for any client, and for identities alone.

-- name: open_item :one
-- route: GET /open/{id}
-- public
SELECT id, owner, balance FROM item WHERE id = :id;

-- name: own_item :one
-- route: GET /own/{id}
-- settings: claims
SELECT id, owner, balance FROM item WHERE id = :id;
