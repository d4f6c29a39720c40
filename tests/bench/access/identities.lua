-- Requests for random rows, with no token, one, or 64 in turn: args are the path and a file of tokens.
local requests, at = {}, 0

function init(args)
	local path, tokens = args[1], {}
	if args[2] then
		for line in io.lines(args[2]) do
			tokens[#tokens + 1] = line
		end
	end
	math.randomseed(7)
	for i = 1, 4096 do
		local headers = {}
		if #tokens > 0 then
			headers["Authorization"] = "Bearer " .. tokens[i % #tokens + 1]
		end
		requests[i] = wrk.format("GET", path .. math.random(1, 100000), headers)
	end
end

function request()
	at = at % 4096 + 1
	return requests[at]
end
