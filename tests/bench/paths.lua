-- Requests for random keys, made before the run so that wrk's own work stays small. Same for every contender.
local requests, at = {}, 0

function init(args)
	local kind = args[1] or "item"
	math.randomseed(7)
	for i = 1, 4096 do
		local id = math.random(1, 1000000 - 20)
		if kind == "item" then
			requests[i] = wrk.format("GET", "/items/" .. id)
		elseif kind == "items" then
			requests[i] = wrk.format("GET", "/items?from=" .. id)
		elseif kind == "entry" then
			requests[i] = wrk.format("POST", "/entries", {["Content-Type"] = "application/json"},
				'{"body":"entry ' .. id .. '"}')
		else
			requests[i] = wrk.format("GET", kind)
		end
	end
end

function request()
	at = at % 4096 + 1
	return requests[at]
end
