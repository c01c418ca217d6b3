-- SPDX-License-Identifier: GPL-2.0-only
-- A JSON library, in the style that such libraries have.
local json = { _version = "1.0" }

local escapes = {
	['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
	["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}
local unescapes = { ["/"] = "/" }
for k, v in pairs(escapes) do unescapes[v:sub(2)] = k end

local function escape_char(c)
	return escapes[c] or string.format("\\u%04x", c:byte())
end

local encode

local encoders = {
	["nil"] = function() return "null" end,
	boolean = tostring,
	string = function(s) return '"' .. s:gsub('[%z\1-\31\\"]', escape_char) .. '"' end,
	number = function(n)
		if n ~= n or n <= -math.huge or n >= math.huge then
			error("unexpected number value '" .. tostring(n) .. "'")
		end
		return math.type(n) == "integer" and ("%d"):format(n) or ("%.14g"):format(n)
	end,
	table = function(t, stack)
		stack = stack or {}
		if stack[t] then error("circular reference") end
		stack[t] = true
		local parts = {}
		local brackets = "{}"
		if rawget(t, 1) ~= nil or next(t) == nil then
			brackets = "[]"
			for i, v in ipairs(t) do parts[i] = encode(v, stack) end
			for k in pairs(t) do
				if type(k) ~= "number" then
					error("invalid table: mixed or invalid key types")
				end
			end
		else
			local keys = {}
			for k in pairs(t) do
				if type(k) ~= "string" then
					error("invalid table: mixed or invalid key types")
				end
				keys[#keys + 1] = k
			end
			table.sort(keys)
			for i, k in ipairs(keys) do
				parts[i] = encode(k) .. ":" .. encode(t[k], stack)
			end
		end
		stack[t] = nil
		return brackets:sub(1, 1) .. table.concat(parts, ",") .. brackets:sub(2)
	end,
}

function encode(value, stack)
	local f = encoders[type(value)]
	if f then return f(value, stack) end
	error("unexpected type '" .. type(value) .. "'")
end

function json.encode(value) return (encode(value)) end

local function decode_error(text, at, message)
	local line, column = 1, 1
	for i = 1, at - 1 do
		column = column + 1
		if text:byte(i) == 10 then line, column = line + 1, 1 end
	end
	error(("%s at line %d col %d"):format(message, line, column), 0)
end

local function skip(text, at) return text:match("^[ \t\r\n]*()", at) end

local parse

local function parse_string(text, at)
	local parts, i = {}, at + 1
	while true do
		local stop = text:find('["\\%c]', i)
		if not stop then decode_error(text, at, "expected closing quote for string") end
		parts[#parts + 1] = text:sub(i, stop - 1)
		local c = text:sub(stop, stop)
		if c == '"' then return table.concat(parts), stop + 1 end
		if c ~= "\\" then decode_error(text, stop, "control character in string") end
		local e = text:sub(stop + 1, stop + 1)
		if e == "u" then
			local hex = text:match("^%x%x%x%x", stop + 2)
			if not hex then decode_error(text, stop, "invalid unicode escape in string") end
			local code = tonumber(hex, 16)
			i = stop + 6
			local low = text:match("^\\u([dD][c-fC-F]%x%x)", i)
			if code >= 0xd800 and code < 0xdc00 and low then
				code = 0x10000 + (code - 0xd800) * 0x400 + tonumber(low, 16) - 0xdc00
				i = i + 6
			end
			parts[#parts + 1] = utf8.char(code)
		elseif unescapes[e] then
			parts[#parts + 1] = unescapes[e]
			i = stop + 2
		else
			decode_error(text, stop, "invalid escape char '" .. e .. "' in string")
		end
	end
end

local function parse_number(text, at)
	local word, stop = text:match("^(-?%d+%.?%d*[eE]?[+-]?%d*)()", at)
	local n = tonumber(word)
	if not n then decode_error(text, at, "invalid number '" .. tostring(word) .. "'") end
	return n, stop
end

local function parse_array(text, at)
	local result, i = {}, skip(text, at + 1)
	if text:sub(i, i) == "]" then return result, i + 1 end
	while true do
		result[#result + 1], i = parse(text, i)
		i = skip(text, i)
		local c = text:sub(i, i)
		if c == "]" then return result, i + 1 end
		if c ~= "," then decode_error(text, i, "expected ']' or ','") end
		i = i + 1
	end
end

local function parse_object(text, at)
	local result, i = {}, skip(text, at + 1)
	if text:sub(i, i) == "}" then return result, i + 1 end
	while true do
		i = skip(text, i)
		if text:sub(i, i) ~= '"' then decode_error(text, i, "expected string for key") end
		local key
		key, i = parse_string(text, i)
		i = skip(text, i)
		if text:sub(i, i) ~= ":" then decode_error(text, i, "expected ':' after key") end
		result[key], i = parse(text, i + 1)
		i = skip(text, i)
		local c = text:sub(i, i)
		if c == "}" then return result, i + 1 end
		if c ~= "," then decode_error(text, i, "expected '}' or ','") end
		i = i + 1
	end
end

local literals = { t = { "true", true }, f = { "false", false }, n = { "null", nil } }

local function parse_literal(text, at)
	local literal = literals[text:sub(at, at)]
	if not literal or text:sub(at, at + #literal[1] - 1) ~= literal[1] then
		decode_error(text, at, "unexpected character '" .. text:sub(at, at) .. "'")
	end
	return literal[2], at + #literal[1]
end

local parsers = { ['"'] = parse_string, ["["] = parse_array, ["{"] = parse_object }
for c in ("-0123456789"):gmatch(".") do parsers[c] = parse_number end

function parse(text, at)
	at = skip(text, at)
	return (parsers[text:sub(at, at)] or parse_literal)(text, at)
end

function json.decode(text)
	if type(text) ~= "string" then
		error("expected argument of type string, got " .. type(text))
	end
	local result, at = parse(text, 1)
	at = skip(text, at)
	if at <= #text then decode_error(text, at, "trailing garbage") end
	return result
end

for _, text in ipairs {
	'[1, 2.5, -3e2, 1e400, 0.1, 12345678901234567890, 9007199254740993]',
	'{"name":"x","list":[true,false,null,{"deep":[[[]]]}],"pi":3.14159265358979}',
	'"\\u00e9\\ud83d\\ude00 \\"quoted\\" \\n"', ' 5 ', '[]', '{}',
	'[1,]', '{"a" 1}', '"open', 'nul', '[1] x', '-', '"\\q"', '["a\n"]',
} do
	local ok, value = pcall(json.decode, text)
	local again, out = pcall(json.encode, ok and value or tostring(value))
	print(ok, again, (out:gsub("^.-:%d+: ", "")))
end
for _, value in ipairs { 1, 1.0, 0.1 + 0.2, 1e15, 1e16, -0.0, 2^53, 1 / 3, 1e-7 } do
	io.write(json.encode(value), " ")
end
io.write("\n")
local cycle = {} cycle.self = cycle
print(select(2, pcall(json.encode, cycle)):gsub("^.-:%d+: ", ""))
print(select(2, pcall(json.encode, { print })):gsub("^.-:%d+: ", ""))
