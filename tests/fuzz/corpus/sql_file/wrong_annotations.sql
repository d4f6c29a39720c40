-- name: a :one
-- route: GET //{a}/{a}/{b}
-- sumary: x
-- status: 99
-- timeout: 5
-- max-rows: 0
-- stream: no
-- param: a = 1
-- param: a = 'x
-- param: c
  -- name: x :one
-- route: GET /
SELECT :a, :a
SELECT set_config('transaction_read_only')