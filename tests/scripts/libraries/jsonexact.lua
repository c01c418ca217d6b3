-- SPDX-License-Identifier: GPL-2.0-only
-- JSON by patterns and string.format, without globals, with exact numbers.
local always_use_lpeg = false
local pairs, type, tostring, tonumber, getmetatable, setmetatable, rawset = pairs, type, tostring, tonumber, getmetatable, setmetatable, rawset
local error, require, pcall, select, print, ipairs = error, require, pcall, select, print, ipairs
local floor, huge, mathtype = math.floor, math.huge, math.type
local strrep, gsub, strsub, strbyte, strchar, strfind, strlen, strformat, strmatch = string.rep, string.gsub, string.sub, string.byte, string.char, string.find, string.len, string.format, string.match
local concat, sort, utf8char, unpack = table.concat, table.sort, utf8.char, table.unpack
local json = { version = "x" }
local _ENV = nil
json.null = setmetatable({}, { __tojson = function() return "null" end })
local function isarray(tbl)
	local max, n, arraylen = 0, 0, 0
	for k, v in pairs(tbl) do
		if k == "n" and mathtype(v) == "integer" then
			arraylen = v
			if v > max then max = v end
		else
			if mathtype(k) ~= "integer" or k < 1 then return false end
			if k > max then max = k end
			n = n + 1
		end
	end
	if max > 10 and max > arraylen and max > n * 2 then return false end
	return true, max
end
local escapecodes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local function escapeutf8(uchar)
	local value = escapecodes[uchar]
	if value then return value end
	local a, b, c, d = strbyte(uchar, 1, 4)
	a, b, c, d = a or 0, b or 0, c or 0, d or 0
	if a <= 0x7f then value = a
	elseif 0xc0 <= a and a <= 0xdf and b >= 0x80 then value = (a - 0xc0) * 0x40 + b - 0x80
	elseif 0xe0 <= a and a <= 0xef and b >= 0x80 and c >= 0x80 then value = ((a - 0xe0) * 0x40 + b - 0x80) * 0x40 + c - 0x80
	elseif 0xf0 <= a and a <= 0xf7 and b >= 0x80 and c >= 0x80 and d >= 0x80 then value = (((a - 0xf0) * 0x40 + b - 0x80) * 0x40 + c - 0x80) * 0x40 + d - 0x80
	else return "" end
	if value <= 0xffff then return strformat("\\u%.4x", value) end
	value = value - 0x10000
	return strformat("\\u%.4x\\u%.4x", 0xD800 + floor(value / 0x400), 0xDC00 + value % 0x400)
end
local function quote(s)
	s = gsub(s, "[%z\1-\031\"\\\127]", escapeutf8)
	if strfind(s, "[\194\216\220\225\226\239]") then
		s = gsub(s, "\194[\128-\159\173]", escapeutf8)
		s = gsub(s, "\226\128[\140-\143\168-\175]", escapeutf8)
	end
	return '"' .. s .. '"'
end
local function num2str(n)
	if n ~= n or n >= huge or -n >= huge then return "null" end
	if mathtype(n) == "integer" then return tostring(n) end
	for digits = 14, 17 do
		local s = strformat("%." .. digits .. "g", n)
		if tonumber(s) == n then return s end
	end
end
local encode2
local function addpair(key, value, prev, indent, level, buf, n, tables)
	local kt = type(key)
	if kt ~= "string" and kt ~= "number" then return nil, "type '" .. kt .. "' is not supported as a key by JSON." end
	if prev then n = n + 1 buf[n] = "," end
	if indent then n = n + 1 buf[n] = "\n" .. strrep("  ", level) end
	buf[n + 1] = quote(tostring(key)) .. ":"
	return encode2(value, indent, level, buf, n + 1, tables)
end
function encode2(value, indent, level, buf, n, tables)
	local vt, meta = type(value), getmetatable(value)
	meta = type(meta) == "table" and meta
	if meta and meta.__tojson then buf[n + 1] = meta.__tojson(value) return n + 1 end
	if value == nil then buf[n + 1] = "null"
	elseif vt == "number" then buf[n + 1] = num2str(value)
	elseif vt == "boolean" then buf[n + 1] = tostring(value)
	elseif vt == "string" then buf[n + 1] = quote(value)
	elseif vt == "table" then
		if tables[value] then return nil, "reference cycle" end
		tables[value] = true
		level = level + 1
		local isa, len = isarray(value)
		if len == 0 and meta and meta.__jsontype == "object" then isa = false end
		local msg
		if isa then
			n = n + 1 buf[n] = "["
			for i = 1, len do
				n, msg = encode2(value[i], indent, level, buf, n, tables)
				if not n then return nil, msg end
				if i < len then n = n + 1 buf[n] = "," end
			end
			n = n + 1 buf[n] = "]"
		else
			n = n + 1 buf[n] = "{"
			local keys = {}
			for k in pairs(value) do keys[#keys + 1] = k end
			sort(keys, function(a, b) return tostring(a) < tostring(b) end)
			local prev = false
			for i = 1, #keys do
				n, msg = addpair(keys[i], value[keys[i]], prev, indent, level, buf, n, tables)
				if not n then return nil, msg end
				prev = true
			end
			if indent then n = n + 1 buf[n] = "\n" .. strrep("  ", level - 1) end
			n = n + 1 buf[n] = "}"
		end
		tables[value] = nil
		return n
	else return nil, "type '" .. vt .. "' is not supported by JSON." end
	return n + 1
end
function json.encode(value, indent)
	local buf = {}
	local n, msg = encode2(value, indent, 0, buf, 0, {})
	if not n then return nil, msg end
	return concat(buf)
end
local function loc(str, where)
	local line, pos, linepos = 1, 1, 0
	while true do
		pos = strfind(str, "\n", pos, true)
		if pos and pos < where then line, linepos, pos = line + 1, pos, pos + 1 else break end
	end
	return "line " .. line .. ", column " .. (where - linepos)
end
local function white(str, pos)
	while true do
		pos = strfind(str, "%S", pos)
		if not pos then return nil end
		local sub2 = strsub(str, pos, pos + 1)
		if sub2 == "\239\187" and strsub(str, pos + 2, pos + 2) == "\191" then pos = pos + 3
		elseif sub2 == "//" then pos = strfind(str, "[\n\r]", pos + 2) if not pos then return nil end
		elseif sub2 == "/*" then pos = strfind(str, "*/", pos + 2, true) if not pos then return nil end pos = pos + 2
		else return pos end
	end
end
local unescapes = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
local function scanstring(str, pos)
	local lastpos, buf, n = pos + 1, {}, 0
	while true do
		local nextpos = strfind(str, '["\\]', lastpos)
		if not nextpos then return nil, "unterminated string at " .. loc(str, pos) end
		if nextpos > lastpos then n = n + 1 buf[n] = strsub(str, lastpos, nextpos - 1) end
		if strsub(str, nextpos, nextpos) == '"' then return concat(buf), nextpos + 1 end
		local c, value = strsub(str, nextpos + 1, nextpos + 1)
		if c == "u" then
			value = tonumber(strmatch(str, "^%x%x%x%x", nextpos + 2), 16)
			if value then
				local v2
				if 0xD800 <= value and value <= 0xDBff and strsub(str, nextpos + 6, nextpos + 7) == "\\u" then
					v2 = tonumber(strmatch(str, "^%x%x%x%x", nextpos + 8), 16)
					if v2 and 0xDC00 <= v2 and v2 <= 0xDFFF then value = (value - 0xD800) * 0x400 + v2 - 0xDC00 + 0x10000 else v2 = nil end
				end
				value = utf8char(value)
				lastpos = nextpos + (v2 and 12 or 6)
			end
		end
		if not value then value = unescapes[c] or c lastpos = nextpos + 2 end
		n = n + 1 buf[n] = value
	end
end
local scanvalue
local function scantable(what, close, str, start, nullval)
	local tbl, n = {}, 0
	local pos = start + 1
	while true do
		pos = white(str, pos)
		if not pos then return nil, "unterminated " .. what .. " at " .. loc(str, start) end
		if strsub(str, pos, pos) == close then return tbl, pos + 1 end
		local val1, val2
		val1, pos = scanvalue(str, pos, nullval)
		if val1 == nil and type(pos) == "string" then return nil, pos end
		pos = white(str, pos)
		if not pos then return nil, "unterminated " .. what .. " at " .. loc(str, start) end
		local c = strsub(str, pos, pos)
		if c == ":" then
			pos = white(str, pos + 1)
			if not pos then return nil, "unterminated " .. what .. " at " .. loc(str, start) end
			val2, pos = scanvalue(str, pos, nullval)
			if val2 == nil and type(pos) == "string" then return nil, pos end
			tbl[val1] = val2
			pos = white(str, pos)
			c = pos and strsub(str, pos, pos)
		else n = n + 1 tbl[n] = val1 end
		if c == "," then pos = pos + 1 end
	end
end
function scanvalue(str, pos, nullval)
	pos = white(str, pos or 1)
	if not pos then return nil, "no valid JSON value (reached the end)" end
	local c = strsub(str, pos, pos)
	if c == "{" then return scantable("object", "}", str, pos, nullval)
	elseif c == "[" then return scantable("array", "]", str, pos, nullval)
	elseif c == '"' then return scanstring(str, pos) end
	local s, e = strfind(str, "^%-?[%d%.]+[eE]?[%+%-]?%d*", pos)
	if s then
		local n = tonumber(strsub(str, s, e))
		if n then return n, e + 1 end
	end
	s, e = strfind(str, "^%a%w*", pos)
	if s then
		local name = strsub(str, s, e)
		if name == "true" then return true, e + 1 elseif name == "false" then return false, e + 1 elseif name == "null" then return nullval, e + 1 end
	end
	return nil, "no valid JSON value at " .. loc(str, pos)
end
json.decode = function(str, nullval) return scanvalue(str, 1, nullval) end
local data = json.decode('\239\187\191{"a": [1, 2.50, -3e2, 1E+2, 0.1, 12345678901234567890, 9007199254740993], /* c */ "b": {"c": null, "d": true}, // x\n "s": "\\u00e9\\ud83d\\ude00\\n\\"\\/\\u0000|", "e": [], "n": -0, "m": -0.0}', json.null)
print(json.encode(data))
print(json.encode(data, true))
for i, v in ipairs(data.a) do print(i, v, mathtype(v), strformat("%.17g", v)) end
print(strbyte(data.s, 1, -1))
for _, bad in ipairs { "", "[1, 2", '{"a": tru}', '"abc', "[1,\n2,\n  x]", "-", "1.2.3" } do print(json.decode(bad)) end
print(json.encode(0/0), json.encode(huge), json.encode { 1, 2, nil, 4, n = 5 }, json.encode { [1000] = 1 }, json.encode(setmetatable({}, { __jsontype = "object" })))
print(json.encode { print }, json.encode { [{}] = 1 })
local c = {} c.c = c print(json.encode(c)) print(json.encode { 1/3, 0.1, 2^53, 1e21, 5e-324, 1e308, 123456.789 })
print(json.encode "\1\127\194\160\194\173\226\128\168 <ü>")
