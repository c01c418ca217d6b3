-- SPDX-License-Identifier: GPL-2.0-only
--
-- A session of luashare.ko: JSON in, JSON out, with a table on either side of
-- on_message().

local null = {}			-- what stands for null in tables
local decode_value		-- (text, pos): the value there, and where it ends

local function decode_error(text, pos, what)
	error(("JSON: %s at byte %d"):format(what, pos), 0)
end

local function skip(text, pos)
	return text:match("^%s*()", pos)
end

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
		  ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function decode_string(text, pos)
	local pieces = {}
	pos = pos + 1
	while true do
		local piece, at = text:match('^([^"\\]*)()', pos)
		pieces[#pieces + 1] = piece
		local c = text:sub(at, at)
		if c == '"' then
			return table.concat(pieces), at + 1
		end
		local escape = text:sub(at + 1, at + 1)
		local hex = text:match("^u(%x%x%x%x)", at + 1)
		if hex then
			pieces[#pieces + 1] = utf8.char(tonumber(hex, 16))
			pos = at + 6
		elseif c == "\\" and escapes[escape] then
			pieces[#pieces + 1] = escapes[escape]
			pos = at + 2
		else
			decode_error(text, at, "a string without its end")
		end
	end
end

local function decode_array(text, pos)
	local array = {}
	pos = skip(text, pos + 1)
	if text:sub(pos, pos) == "]" then
		return array, pos + 1
	end
	while true do
		array[#array + 1], pos = decode_value(text, pos)
		local c = text:sub(pos, pos)
		if c == "]" then
			return array, pos + 1
		elseif c ~= "," then
			decode_error(text, pos, "an array without its end")
		end
		pos = pos + 1
	end
end

local function decode_object(text, pos)
	local object = {}
	pos = skip(text, pos + 1)
	if text:sub(pos, pos) == "}" then
		return object, pos + 1
	end
	while true do
		pos = skip(text, pos)
		if text:sub(pos, pos) ~= '"' then
			decode_error(text, pos, "no name")
		end
		local name
		name, pos = decode_string(text, pos)
		pos = skip(text, pos)
		if text:sub(pos, pos) ~= ":" then
			decode_error(text, pos, "no colon")
		end
		object[name], pos = decode_value(text, pos + 1)
		local c = text:sub(pos, pos)
		if c == "}" then
			return object, pos + 1
		elseif c ~= "," then
			decode_error(text, pos, "an object without its end")
		end
		pos = pos + 1
	end
end

local words = { ["true"] = true, ["false"] = false, null = null }

local function decode_scalar(text, pos)
	local word, at = text:match("^(%a+)()", pos)
	if word and words[word] ~= nil then
		return words[word], at
	end
	word, at = text:match("^(-?%d[%d.eE+-]*)()", pos)
	local number = word and tonumber(word)
	if not number then
		decode_error(text, pos, "no value")
	end
	return number, at
end

local decoders = { ['"'] = decode_string, ["["] = decode_array, ["{"] = decode_object }

function decode_value(text, pos)
	pos = skip(text, pos)
	local decode = decoders[text:sub(pos, pos)] or decode_scalar
	local value, at = decode(text, pos)
	return value, skip(text, at)
end

local function decode(text)
	local value, pos = decode_value(text, 1)
	if pos <= #text then
		decode_error(text, pos, "more than one value")
	end
	return value
end

local encode			-- (value): its text

local function encode_string(value)
	return '"' .. value:gsub('[%c"\\]', function(c)
		return ("\\u%04x"):format(c:byte())
	end) .. '"'
end

local function encode_table(value)
	local pieces = {}
	if value == null then
		return "null"
	elseif #value > 0 or next(value) == nil then
		for i, element in ipairs(value) do
			pieces[i] = encode(element)
		end
		return "[" .. table.concat(pieces, ",") .. "]"
	end
	for name, element in pairs(value) do
		pieces[#pieces + 1] = encode_string(tostring(name)) .. ":" .. encode(element)
	end
	table.sort(pieces)
	return "{" .. table.concat(pieces, ",") .. "}"
end

local encoders = { table = encode_table, string = encode_string, number = tostring,
		   boolean = tostring, ["nil"] = function() return "null" end }

function encode(value)
	local as = encoders[type(value)] or error("JSON has no " .. type(value), 0)
	return as(value)
end

-- What this session is for: remember how many messages came, share what is to be
-- shared, and send the rest back.
local count = 0

function on_message(message)
	count = count + 1
	if message.share then
		luashare.share(message.share, encode(message.value))
	end
	return { count = count, message = message }
end

-- What luashare.ko calls: a write is a message; reads get the reply to the last one,
-- piece by piece, and then nothing.
local reply = ""

function write(text)
	reply = encode(on_message(decode(text)))
end

function read(n)
	local part = reply:sub(1, n)
	reply = reply:sub(n + 1)
	return part
end
