/* head /* nested */ -- name: no :one
*/
-- name: comments :one
-- route: GET /comments
-- note that :a is none
/* in the annotations */
SELECT 1 -- ' " $$ /* :b
 + /* ' :c /* $tag$ */ ; */ 2 --
-- status: 201
;
-- the end
