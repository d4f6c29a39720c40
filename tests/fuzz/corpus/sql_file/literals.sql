-- name: literals :exec
-- route: POST /literals
SELECT ':a' || 'it''s', E'it\'s :b' || e'\\', U&'\', "q""' :c", $$ ' :d $1 $$, $tag$ $$ :e $ta$ $tag$, a$b$c,
	E'a'
	'b\':f', :g, x[1:2], x[:lo : :hi], y::int, f(a := :g), 1:z, (:w)::jsonb
