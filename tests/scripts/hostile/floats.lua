-- SPDX-License-Identifier: GPL-2.0-only
-- Numbers whose conversion takes long, that trap, or that are none.

--- long-numeral
-- ends: EREMOTEIO|ETIME|ENOMEM *
local s = ("1"):rep(1 << 20)
for i = 1, math.maxinteger do local _ = s + i end

--- numerals-that-are-long
-- ends: ETIME *step budget exceeded
local s = ("7"):rep(190) .. "e-300"
for i = 1, math.maxinteger do local _ = s + i end

--- tonumber-of-much
-- ends: ETIME|ENOMEM *
local s = ("0"):rep(1 << 20) .. "1"
for i = 1, math.maxinteger do local _ = tonumber(s) end

--- zeros-of-a-pack-format
-- ends: ETIME *step budget exceeded
local ok, zeros = pcall(string.rep, "0", 1 << 20)
if not ok then zeros = ("0"):rep(6000) end
for i = 1, 3000 do string.packsize("c" .. zeros .. "1") end

--- zeros-of-a-pack-alignment
-- ends: ETIME *step budget exceeded
local ok, zeros = pcall(string.rep, "0", 1 << 20)
if not ok then zeros = ("0"):rep(6000) end
for i = 1, 3000 do string.unpack("!" .. zeros .. "8d", "12345678") end

--- digits-of-the-largest
-- ends: ETIME *step budget exceeded
for i = 1, math.maxinteger do local _ = ("%99.99f"):format(1.7e308) end

--- digits-of-the-smallest
-- ends: ETIME *step budget exceeded
for i = 1, math.maxinteger do local _ = ("%.99e"):format(5e-324) end

--- texts-of-floats
-- ends: ETIME *step budget exceeded
for i = 1, math.maxinteger do local _ = 1e-320 .. "" end

--- remainders-of-the-largest
-- ends: ETIME *step budget exceeded
for i = 1, math.maxinteger do local _ = 1.7e308 % 5e-324 end

--- angles-that-are-large
-- ends: ETIME *step budget exceeded
for i = 1, math.maxinteger do local _ = math.tan(1.7e308) end

--- powers
-- ends: ETIME *step budget exceeded
for i = 1, math.maxinteger do local _ = 1.0000001 ^ (i / 7) end

--- float-loop-that-stands-still
-- ends: ETIME *step budget exceeded
for i = 2^53, 2^53 + 4 do end

--- float-loop-by-zero
-- ends: ETIME *step budget exceeded
for i = 1.0, 0.0, 0 do end

--- float-keys-that-collide
-- ends: ETIME|ENOMEM *
local t = {}
for i = 1, math.maxinteger do t[i + 0.5] = i end

--- not-a-number-as-key
-- ends: EREMOTEIO *table index is NaN
local t = {}
t[0/0] = 1

--- infinite-length
-- ends: EREMOTEIO *number has no integer representation*
return ("x"):rep(math.huge)

--- minimum-by-minus-one
-- ends: 0 9.2233720368548e+18	-0.0
return math.mininteger // -1.0, math.mininteger % -1.0

--- sort-by-what-is-no-number
-- ends: 0|EREMOTEIO *
local t = {}
for i = 1, 100 do t[i] = i % 3 == 0 and 0/0 or i end
table.sort(t)

--- malformed-numbers
-- ends: 0 nil	nil	nil	nil	nil	nil
return tonumber("0x"), tonumber("1e"), tonumber("."), tonumber("1e+"), tonumber("inf"), tonumber("nan")

--- exponents-that-overflow
-- ends: 0 inf	0.0	inf	0.0
return tonumber("1e99999999999999999999"), tonumber("1e-99999999999999999999"), tonumber("0x1p99999999999"), tonumber("0x1p-99999999999")

--- unpack-what-is-no-number
-- ends: 0 true	true
local n = string.unpack("<d", "\1\0\0\0\0\0\xf0\x7f")
local m = string.unpack("<f", "\1\0\x80\x7f")
return n ~= n, m ~= m
