-- name: product_new :one
-- route: GET /products/new
-- summary: A literal path beside /products/{id}, which has other methods.
SELECT 'the form' AS what;

-- name: product_delete :one
-- route: DELETE /products/{id}
SELECT :id::text AS deleted;

-- name: product_open :one
-- route: POST /products/open
SELECT 'opened' AS what;

-- name: product_get :one
-- route: GET /products/{id}
SELECT :id::text AS id;

-- name: product_written :one
-- route: GET /products/written
SELECT write_in_secret('product') AS id;
