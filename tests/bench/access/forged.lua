-- Requests with forged tokens: args are the path and a file with one good token. Each has another signature, so that no
-- cache knows it.
local head, path, tail, at = "", "", "", 0
local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

function init(args)
	path = args[1]
	local token = io.lines(args[2])()
	head = token:match("^(.*%.)[^.]*$")
	tail = token:match("[^.]*$"):sub(9)
	math.randomseed(os.time())
	at = math.random(0, 2 ^ 24)
end

function request()
	local signature, rest = {}, at
	at = at + 1
	for i = 1, 8 do
		local digit = rest % 64
		signature[i] = digits:sub(digit + 1, digit + 1)
		rest = (rest - digit) / 64
	end
	return wrk.format("GET", path, {["Authorization"] = "Bearer " .. head .. table.concat(signature) .. tail})
end
