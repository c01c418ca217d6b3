-- SPDX-License-Identifier: GPL-2.0-only
-- Base64, base32, hex, percent encoding and quoted printable.
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local decode = {}
for i = 1, 64 do decode[alphabet:byte(i)] = i - 1 end
local function enc(s)
	local t, n = {}, #s
	for i = 1, n - n % 3, 3 do
		local v = string.unpack(">I3", s, i)
		t[#t + 1] = string.char(alphabet:byte((v >> 18) + 1), alphabet:byte((v >> 12 & 63) + 1), alphabet:byte((v >> 6 & 63) + 1), alphabet:byte((v & 63) + 1))
	end
	if n % 3 == 1 then local v = s:byte(n) << 4 t[#t + 1] = alphabet:sub((v >> 6) + 1, (v >> 6) + 1) .. alphabet:sub((v & 63) + 1, (v & 63) + 1) .. "=="
	elseif n % 3 == 2 then local v = string.unpack(">I2", s, n - 1) << 2 t[#t + 1] = ("%s%s%s="):format(alphabet:sub((v >> 12) + 1, (v >> 12) + 1), alphabet:sub((v >> 6 & 63) + 1, (v >> 6 & 63) + 1), alphabet:sub((v & 63) + 1, (v & 63) + 1)) end
	return table.concat(t)
end
local function dec(s)
	s = s:gsub("[^%w%+%/%=]", "")
	return (s:gsub("....", function(q)
		local a, b, c, d = q:byte(1, 4)
		local v = decode[a] << 18 | decode[b] << 12 | (decode[c] or 0) << 6 | (decode[d] or 0)
		return string.pack(">I3", v):sub(1, d ~= 61 and 3 or c ~= 61 and 2 or 1)
	end))
end
-- the classic one, by strings of bits
local function enc2(data)
	return ((data:gsub(".", function(x)
		local r, b = "", x:byte()
		for i = 8, 1, -1 do r = r .. (b % 2 ^ i - b % 2 ^ (i - 1) > 0 and "1" or "0") end
		return r
	end) .. "0000"):gsub("%d%d%d?%d?%d?%d?", function(x)
		if #x < 6 then return "" end
		local c = 0
		for i = 1, 6 do c = c + (x:sub(i, i) == "1" and 2 ^ (6 - i) or 0) end
		return alphabet:sub(c + 1, c + 1)
	end) .. ({ "", "==", "=" })[#data % 3 + 1])
end
for _, s in ipairs { "", "f", "fo", "foo", "foob", "fooba", "foobar", "\0\255\128", "Man is distinguished" } do
	print(enc(s), enc(s) == enc2(s), dec(enc(s)) == s)
end
print(dec "SGVs bG8s\nIHdv cmxk", pcall(dec, "####"))
local function hex(s) return (s:gsub(".", function(c) return ("%02X"):format(c:byte()) end)) end
local function unhex(s) return (s:gsub("%x%x", function(c) return string.char(tonumber(c, 16)) end)) end
print(hex "hello\n\xff", unhex(hex "hello"), hex(unhex "00ff7F") == "00FF7F")
local function escape(s) return (s:gsub("[^%w%-_%.~]", function(c) return ("%%%02X"):format(c:byte()) end)) end
local function unescape(s) return (s:gsub("%+", " "):gsub("%%(%x%x)", function(h) return string.char(tonumber(h, 16)) end)) end
print(escape "a b&c=d/ü?", unescape "a+b%26c%3Dd%2F%C3%BC%zz")
local function query(s)
	local t = {}
	for k, v in s:gmatch "([^&=?]+)=?([^&]*)" do t[#t + 1] = unescape(k) .. " -> " .. unescape(v) end
	return table.concat(t, "; ")
end
print(query "?name=J%C3%B6rg+M&empty=&flag&x=1%2B1")
local b32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
local function base32(s)
	local acc, bits, out = 0, 0, {}
	for i = 1, #s do
		acc, bits = acc << 8 | s:byte(i), bits + 8
		while bits >= 5 do bits = bits - 5 local v = (acc >> bits & 31) + 1 out[#out + 1] = b32:sub(v, v) end
		acc = acc & (1 << bits) - 1
	end
	if bits > 0 then local v = (acc << 5 - bits & 31) + 1 out[#out + 1] = b32:sub(v, v) end
	return table.concat(out) .. ("="):rep(-#out % 8)
end
for i = 0, 6 do print(base32(("foobar"):sub(1, i))) end
print((("=C3=BCber=\nlang"):gsub("=\r?\n", ""):gsub("=(%x%x)", function(h) return string.char("0x" .. h) end)))
