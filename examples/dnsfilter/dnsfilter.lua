-- SPDX-License-Identifier: GPL-2.0-only
--
-- The policy of dnsfilter.ko, which calls verdict() with the first 512 bytes
-- that a UDP packet carries to port 53 of this host. "accept" and "drop" are
-- the verdicts; after an error the module decides, see its fail_open.

-- The names that get no answer, in lower case, each with all names below it.
-- dnsctl.ko changes this table while packets flow.
blocked = {
	["blocked.test"] = true,
	["ads.example"] = true,
}

-- The module sets this from its parameter: print what is accepted, too.
verbose = false

-- The name asked for, or nil for what no resolver sends but some servers
-- would understand: a compression pointer, a label or name that is too long.
local function question(packet)
	local labels, pos = {}, 13
	while pos <= 12 + 255 do
		local size = packet:byte(pos) or error("the question is cut short", 0)
		local label = packet:sub(pos + 1, pos + size)
		if size > 63 then
			return nil
		elseif size == 0 then
			if #packet < pos + 4 then
				error("the question has no type and class", 0)
			end
			return table.concat(labels, "."):lower()
		end
		-- a dot inside a label separates nothing
		labels[#labels + 1] = label:gsub("%.", "\\046")
		pos = pos + 1 + size
	end
	return nil
end

-- Is the name, or one that it is below, on the list?
local function listed(name)
	while name do
		if blocked[name] then
			return true
		end
		name = name:match("%.(.+)")
	end
	return false
end

function verdict(packet)
	if #packet < 12 then
		error("shorter than a DNS header", 0)
	end
	local _, flags, questions = string.unpack(">I2I2I2", packet)
	if flags & 0x8000 ~= 0 or questions == 0 then
		return "accept"		-- an answer, or nothing is asked
	end
	local name = questions == 1 and question(packet)
	if not name then
		print("drop", "a question that hides its name")
		return "drop"
	elseif listed(name) then
		print("drop", name)
		return "drop"
	end
	if verbose then
		print("accept", name)
	end
	return "accept"
end
