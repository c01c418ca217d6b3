-- SPDX-License-Identifier: GPL-2.0-only
--
-- The policy of dnsfilter.ko, which calls verdict() with each UDP packet to port
-- 53 of this host, and accepts it when the answer is true; after an error the
-- module decides, see its fail_open. dnsctl.ko calls command() and list().

-- The names that get no answer, in lower case, each with all names below it.
-- command() changes this table while packets flow.
blocked = {
	["blocked.test"] = true,
	["ads.example"] = true,
}

-- Print what is accepted, too: klua run dnsfilter -e 'verbose = true'
verbose = false

-- The question of a DNS message ends before its 272nd byte.
local SNAPLEN = 512

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

-- "accept" or "drop", for the first bytes of what UDP carries
function judge(packet)
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

-- The packet's bytes from offset on are its UDP header and what that carries. The
-- server sees what the header counts; where that is more than there is, or less
-- than the header itself, UDP drops the packet or, for an IPv6 jumbogram's 0,
-- goes by the packet's length.
function verdict(packet, offset)
	local header = packet:bytes(offset, 8)
	if #header < 8 then
		return true		-- nothing that UDP takes
	end
	local size = string.unpack(">I2", header, 5) - 8
	if size < 0 or size > SNAPLEN then
		size = SNAPLEN
	end
	return judge(packet:bytes(offset + 8, size)) == "accept"
end

-- A name as the table has it, or nil and what is wrong with it
local function normalize(name)
	name = name:gsub("%.$", "")
	if name == "" then
		return nil, "there is no name"
	elseif #name > 253 then
		return nil, "the name has more than 253 bytes"
	elseif name:find("[^A-Za-z0-9_.-]") then
		return nil, "a name has letters, digits, '-', '_' and dots"
	end
	for label in (name .. "."):gmatch("([^.]*)%.") do
		if label == "" then
			return nil, "the name has an empty label"
		elseif #label > 63 then
			return nil, "a label has more than 63 bytes"
		end
	end
	return name:lower()
end

local ENOENT, EINVAL = 2, 22

-- "block NAME" or "unblock NAME", as the administrator wrote it
function command(text)
	if #text >= 272 then
		return EINVAL, "more bytes than a command has"
	elseif text:find("\0", 1, true) then
		return EINVAL, "a NUL byte"
	end
	local verb, rest = text:match("^%s*(%S*)%s*(.-)%s*$")
	if verb ~= "block" and verb ~= "unblock" then
		return EINVAL, "write 'block NAME' or 'unblock NAME'"
	end
	local name, why = normalize(rest)
	if not name then
		return EINVAL, why
	elseif verb == "unblock" and not blocked[name] then
		return ENOENT, name .. " was not blocked"
	end
	blocked[name] = verb == "block" or nil
	return 0, ""
end

-- The names, in order, a line each
function list()
	local names = {}
	for name in pairs(blocked) do
		names[#names + 1] = name .. "\n"
	end
	table.sort(names)
	return 0, table.concat(names)
end
