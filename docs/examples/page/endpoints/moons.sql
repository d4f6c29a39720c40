-- name: moons :many
-- route: GET /api/moons
-- summary: The large moons of Jupiter.
SELECT name, radius_km
FROM (VALUES ('Io', 1822), ('Europa', 1561), ('Ganymede', 2634), ('Callisto', 2410)) AS moon (name, radius_km)
ORDER BY radius_km;
