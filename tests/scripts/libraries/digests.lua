-- SPDX-License-Identifier: GPL-2.0-only
-- MD5, SHA-1, SHA-256, CRC-32, Adler and FNV with Lua 5.3's integers.
local function rol(x, n) x = x & 0xffffffff return (x << n | x >> 32 - n) & 0xffffffff end
local function ror(x, n) return rol(x, 32 - n) end
local K, S = {}, { 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21 }
for i = 0, 63 do K[i] = math.floor(math.abs(math.sin(i + 1)) * 2 ^ 32) end
local function md5(s)
	local a0, b0, c0, d0 = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476
	local m = s .. "\128" .. ("\0"):rep((55 - #s) % 64) .. ("<I8"):pack(#s * 8)
	for p = 1, #m, 64 do
		local w = { ("<" .. ("I4"):rep(16)):unpack(m, p) }
		local a, b, c, d = a0, b0, c0, d0
		for i = 0, 63 do
			local f, g
			if i < 16 then f, g = b & c | ~b & d, i
			elseif i < 32 then f, g = d & b | ~d & c, (5 * i + 1) % 16
			elseif i < 48 then f, g = b ~ c ~ d, (3 * i + 5) % 16
			else f, g = c ~ (b | ~d & 0xffffffff), 7 * i % 16 end
			a, d, c, b = d, c, b, (b + rol(f + a + K[i] + w[g + 1], S[i // 16 * 4 + i % 4 + 1])) & 0xffffffff
		end
		a0, b0, c0, d0 = (a0 + a) & 0xffffffff, (b0 + b) & 0xffffffff, (c0 + c) & 0xffffffff, (d0 + d) & 0xffffffff
	end
	return (("<I4I4I4I4"):pack(a0, b0, c0, d0):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end
local function sha1(s)
	local h = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 }
	local m = s .. "\128" .. ("\0"):rep((55 - #s) % 64) .. string.pack(">I8", #s * 8)
	for p = 1, #m, 64 do
		local w = { string.unpack(">" .. ("I4"):rep(16), m, p) }
		for i = 17, 80 do w[i] = rol(w[i - 3] ~ w[i - 8] ~ w[i - 14] ~ w[i - 16], 1) end
		local a, b, c, d, e = table.unpack(h)
		for i = 1, 80 do
			local f, k
			if i <= 20 then f, k = b & c | ~b & d, 0x5A827999
			elseif i <= 40 then f, k = b ~ c ~ d, 0x6ED9EBA1
			elseif i <= 60 then f, k = b & c | b & d | c & d, 0x8F1BBCDC
			else f, k = b ~ c ~ d, 0xCA62C1D6 end
			a, b, c, d, e = (rol(a, 5) + f + e + k + w[i]) & 0xffffffff, a, rol(b, 30), c, d
		end
		for i, v in ipairs { a, b, c, d, e } do h[i] = (h[i] + v) & 0xffffffff end
	end
	return ("%08x%08x%08x%08x%08x"):format(table.unpack(h))
end
local k256, h256 = {}, {}
do	-- from the roots of the first primes, as the standard makes them
	local n = 2
	while #k256 < 64 do
		local prime = true
		for d = 2, math.floor(math.sqrt(n)) do if n % d == 0 then prime = false break end end
		if prime then
			k256[#k256 + 1] = math.tointeger(n ^ (1 / 3) % 1 * 2 ^ 32 // 1)
			if #h256 < 8 then h256[#h256 + 1] = math.tointeger(n ^ 0.5 % 1 * 2 ^ 32 // 1) end
		end
		n = n + 1
	end
end
local function sha256(s)
	local h = { table.unpack(h256) }
	local m = s .. "\128" .. ("\0"):rep((55 - #s) % 64) .. string.pack(">I8", #s * 8)
	for p = 1, #m, 64 do
		local w = { string.unpack(">" .. ("I4"):rep(16), m, p) }
		for i = 17, 64 do
			local x, y = w[i - 15], w[i - 2]
			w[i] = w[i - 16] + (ror(x, 7) ~ ror(x, 18) ~ x >> 3) + w[i - 7] + (ror(y, 17) ~ ror(y, 19) ~ y >> 10) & 0xffffffff
		end
		local a, b, c, d, e, f, g, z = table.unpack(h)
		for i = 1, 64 do
			local t1 = z + (ror(e, 6) ~ ror(e, 11) ~ ror(e, 25)) + (e & f ~ ~e & g) + k256[i] + w[i]
			local t2 = (ror(a, 2) ~ ror(a, 13) ~ ror(a, 22)) + (a & b ~ a & c ~ b & c)
			z, g, f, e, d, c, b, a = g, f, e, d + t1 & 0xffffffff, c, b, a, t1 + t2 & 0xffffffff
		end
		for i, v in ipairs { a, b, c, d, e, f, g, z } do h[i] = h[i] + v & 0xffffffff end
	end
	return (("%08x"):rep(8)):format(table.unpack(h))
end
local crct = setmetatable({}, { __index = function(t, i)
	local c = i
	for _ = 1, 8 do c = c & 1 == 1 and c >> 1 ~ 0xEDB88320 or c >> 1 end
	t[i] = c
	return c
end })
local function crc32(s) local c = 0xffffffff for i = 1, #s do c = c >> 8 ~ crct[(c ~ s:byte(i)) & 255] end return ~c & 0xffffffff end
local function adler(s) local a, b = 1, 0 for _, c in ipairs { s:byte(1, -1) } do a = (a + c) % 65521 b = (b + a) % 65521 end return b << 16 | a end
local function fnv(s) local h = 0xcbf29ce484222325 for c in s:gmatch "." do h = (h ~ c:byte()) * 0x100000001b3 end return h end
for _, s in ipairs { "", "a", "abc", "The quick brown fox jumps over the lazy dog", ("0123456789"):rep(8), ("\0\255"):rep(28) } do
	print(md5(s), sha1(s)) print(sha256(s))
	print(("%08x %08X %016x %d"):format(crc32(s), adler(s), fnv(s), fnv(s)))
end
