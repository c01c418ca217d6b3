-- SPDX-License-Identifier: GPL-2.0-only
-- Arithmetic that traps, wraps or runs past the end.

--- divide-by-zero
-- ends: EREMOTEIO *attempt to divide by zero*
local zero = 0
return 1 // zero

--- modulo-by-zero
-- ends: EREMOTEIO *attempt to perform 'n%0'*
local zero = 0
return 1 % zero

--- divide-by-zero-constant
-- ends: EREMOTEIO *attempt to divide by zero*
return 1 // 0

--- modulo-by-zero-constant
-- ends: EREMOTEIO *attempt to perform 'n%0'*
return 1 % 0

--- divide-mininteger
-- ends: 0 -9223372036854775808
local one = -1
return math.mininteger // one

--- divide-mininteger-constant
-- ends: 0 -9223372036854775808
return (-9223372036854775807 - 1) // -1

--- modulo-mininteger
-- ends: 0 0
local one = -1
return math.mininteger % one

--- modulo-mininteger-constant
-- ends: 0 0
return 0x8000000000000000 % -1

--- fmod-mininteger
-- ends: 0 0
return math.fmod(math.mininteger, -1)

--- fmod-zero
-- ends: EREMOTEIO *bad argument #2 to 'fmod' (zero)*
return math.fmod(1, 0)

--- abs-mininteger
-- ends: 0 -9223372036854775808
return math.abs(math.mininteger)

--- negate-mininteger
-- ends: 0 true
return -math.mininteger == math.mininteger

--- multiply-wraps
-- ends: 0 -9223372036854775808
return math.mininteger * -1

--- add-wraps
-- ends: 0 true
return math.maxinteger + 1 == math.mininteger

--- divide-traps-in-a-loop
-- ends: ETIME *step budget exceeded
-- debug steps: 20000
while true do pcall(load("return ... // 0"), 1) end

--- shift-far
-- ends: 0 0	0	0	0
return 1 << 64, 1 >> 64, 1 << math.maxinteger, 1 >> math.mininteger

--- shift-negative
-- ends: 0 2	0	9223372036854775807
return 1 >> -1, 1 << -1, -1 >> 1

--- for-to-maxinteger
-- ends: ETIME *step budget exceeded
-- peer: 2 iterations; its ancestor: endless
local n = 0
for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end
return n

--- for-to-mininteger
-- ends: ETIME *step budget exceeded
local n = 0
for i = math.mininteger + 1, math.mininteger, -1 do n = n + 1 end
return n

--- for-step-mininteger
-- ends: ETIME *step budget exceeded
local n = 0
for i = math.maxinteger, math.mininteger, math.mininteger do n = n + 1 end
return n

--- for-step-maxinteger
-- ends: ETIME *step budget exceeded
local n = 0
for i = math.mininteger, math.maxinteger, math.maxinteger do n = n + 1 end
return n

--- for-step-zero
-- ends: ETIME *step budget exceeded
for i = 2, 1, 0 do end

--- random-of-one
-- ends: 0 1
-- peer: its ancestor: divide error, panic
return math.random(1)

--- random-everything
-- ends: EREMOTEIO *interval too large*
return math.type(math.random(math.mininteger, math.maxinteger))

--- random-one-number
-- ends: 0 true	true
return math.random(math.maxinteger, math.maxinteger) == math.maxinteger,
	math.random(math.mininteger, math.mininteger) == math.mininteger

--- random-of-zero
-- ends: EREMOTEIO *interval is empty*
return math.random(0)

--- random-backwards
-- ends: EREMOTEIO *interval is empty*
return math.random(math.maxinteger, math.mininteger)

--- rep-negative
-- ends: 0
return ("x"):rep(math.mininteger)

--- rep-overflows
-- ends: EREMOTEIO *resulting string too large*
return ("xxx"):rep(math.maxinteger)

--- rep-separator-overflows
-- ends: EREMOTEIO *resulting string too large*
return ("x"):rep(math.maxinteger, "yy")

--- rep-wraps-to-nothing
-- ends: EREMOTEIO *resulting string too large*
return ("xxxx"):rep(1 << 62)

--- sub-extremes
-- ends: 0 abc		abc	c
return ("abc"):sub(math.mininteger, math.maxinteger),
	("abc"):sub(math.maxinteger, math.mininteger),
	("abc"):sub(math.mininteger), ("abc"):sub(-1, math.maxinteger)

--- byte-extremes
-- ends: 0 97	98	99
return ("abc"):byte(math.mininteger, math.maxinteger)

--- find-extremes
-- ends: 0 nil	1
return ("abc"):find("", math.maxinteger), (("abc"):find("", math.mininteger))

--- select-negative
-- ends: EREMOTEIO *index out of range*
return select(-5, 1, 2)

--- select-mininteger
-- ends: EREMOTEIO *index out of range*
return select(math.mininteger, 1, 2)

--- select-far
-- ends: 0
return select(math.maxinteger, 1, 2)

--- select-zero
-- ends: EREMOTEIO *index out of range*
return select(0)

--- move-overflows
-- ends: EREMOTEIO *too many elements to move*
table.move({}, math.mininteger, math.maxinteger, 1)

--- move-wraps
-- ends: EREMOTEIO *destination wrap around*
table.move({}, 1, 2, math.maxinteger)

--- move-at-the-end
-- ends: 0 5
local t = { 5 }
table.move(t, 1, 1, math.maxinteger)
return t[math.maxinteger]

--- insert-out-of-bounds
-- ends: EREMOTEIO *position out of bounds*
table.insert({}, math.mininteger, 1)

--- insert-past-maxinteger
-- ends: EREMOTEIO *position out of bounds*
table.insert(setmetatable({}, { __len = function() return math.maxinteger end }), 5, 1)

--- append-past-maxinteger
-- ends: 0 1
local t = setmetatable({}, { __len = function() return math.maxinteger end })
table.insert(t, 1)
return t[math.mininteger]

--- remove-out-of-bounds
-- ends: EREMOTEIO *position out of bounds*
table.remove({ 1, 2 }, math.mininteger)

--- remove-at-maxinteger
-- ends: EREMOTEIO *position out of bounds*
table.remove({ 1, 2 }, math.maxinteger)

--- concat-at-maxinteger
-- ends: 0 xy
local t = {}
t[math.maxinteger] = "y"
t[math.maxinteger - 1] = "x"
return table.concat(t, "", math.maxinteger - 1, math.maxinteger)

--- unpack-at-maxinteger
-- ends: 0 1	2
local t = {}
t[math.maxinteger - 1], t[math.maxinteger] = 1, 2
return table.unpack(t, math.maxinteger - 1, math.maxinteger)

--- unpack-backwards
-- ends: 0
return table.unpack({}, math.maxinteger, math.mininteger)

--- length-is-no-integer
-- ends: EREMOTEIO *object length is not an integer*
table.insert(setmetatable({}, { __len = function() return {} end }), 1)

--- length-negative
-- ends: EREMOTEIO *
table.unpack(setmetatable({}, { __len = function() return math.mininteger end }))
table.insert(setmetatable({}, { __len = function() return -10 end }), 5, 1)

--- pack-size-over-limit
-- ends: EREMOTEIO *(17) out of limits*
return string.pack("i17", 1)

--- pack-size-huge
-- ends: EREMOTEIO *
return string.pack("i99999999999999999999", 1)

--- packsize-overflows
-- ends: EREMOTEIO *format result too large*
return string.packsize(("c214748364"):rep(11))

--- packsize-largest
-- ends: 0 2147483640
return string.packsize(("c214748364"):rep(10))

--- pack-alignment-bad
-- ends: EREMOTEIO *not power of 2*
return string.pack("!16i16Xi3", 1)

--- pack-alignment-nothing
-- ends: EREMOTEIO *invalid next option*
return string.pack("X")

--- pack-integer-overflows
-- ends: EREMOTEIO *integer overflow*
return string.pack("i1", 300)

--- unpack-integer-does-not-fit
-- ends: EREMOTEIO *does not fit into Lua Integer*
return string.unpack("I16", ("\xff"):rep(16))

--- unpack-position
-- ends: EREMOTEIO *out of string*
return string.unpack("b", "x", math.maxinteger)

--- unpack-position-negative
-- ends: EREMOTEIO *out of string*
return string.unpack("b", "x", math.mininteger)

--- unpack-length-lies
-- ends: EREMOTEIO *too *
return string.unpack("s8", ("\xff"):rep(8))

--- unpack-fixed-too-long
-- ends: EREMOTEIO *data string too short*
return string.unpack("c" .. (1 << 62), "x")

--- unpack-not-terminated
-- ends: 0 abc	5
return string.unpack("z", "abc")

--- format-width
-- ends: EREMOTEIO *invalid format*
return string.format("%100d", 1)

--- format-precision
-- ends: EREMOTEIO *invalid format*
return string.format("%.100d", 1)

--- format-flags
-- ends: EREMOTEIO *invalid format*
return string.format("%------d", 1)

--- format-n
-- ends: EREMOTEIO *invalid option '%n'*
return string.format("%n", 1)

--- format-pointer
-- ends: EREMOTEIO *invalid option '%p'*
return string.format("%pK", 1)

--- format-float
-- ends: EREMOTEIO *invalid format (width or precision too long)*
return string.format("%.100g", 1)

--- format-ends-early
-- ends: EREMOTEIO *bad argument #2 to 'format'*
return string.format("%")

--- utf8-char-negative
-- ends: EREMOTEIO *value out of range*
return utf8.char(-1)

--- utf8-char-too-large
-- ends: EREMOTEIO *value out of range*
return utf8.char(1 << 40)

--- utf8-offset-far
-- ends: EREMOTEIO *position out of range*
return utf8.offset("x", 1, math.maxinteger)

--- utf8-codepoint-far
-- ends: EREMOTEIO *out of range*
return utf8.codepoint("x", math.mininteger, math.maxinteger)

--- tonumber-base
-- ends: EREMOTEIO *base out of range*
return tonumber("1", math.maxinteger)

--- negative-index
-- ends: 0 1
local t = {}
t[math.mininteger] = 1
t[-1] = 2
return t[math.mininteger]

--- gmatch-position
-- ends: 0 1
return string.gmatch("abc", "()")()

--- string-index-wraps
-- ends: 0 0
return #("abc"):sub(math.maxinteger, math.maxinteger)
