-- name: glue :exec
-- route: PUT /glue
SELECT:a,IN:a,1:b:c,ä:d,:a'x',$x:e,-:f--:g