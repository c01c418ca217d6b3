-- SPDX-License-Identifier: GPL-2.0-only
-- What io, os and debug can be made to do at length. See ../README.

--- dates-of-a-long-format
-- ends: ETIME *step budget exceeded | ENOMEM *
-- small: ETIME * | ENOMEM *
local f = ("%c"):rep(20000)
for i = 1, 1000 do os.date(f) end

--- date-of-a-long-text
-- ends: ETIME *step budget exceeded | ENOMEM *
-- small: ETIME * | ENOMEM *
local f = "x"
while true do f = os.date(f .. f) end

--- bad-conversion-of-a-long-text
-- ends: ETIME *step budget exceeded | ENOMEM *
-- small: ETIME * | ENOMEM *
local f = "%Q"
while true do f = f .. f pcall(os.date, f) end

--- times-of-far-dates
-- ends: ETIME *step budget exceeded
while true do
	pcall(os.time, {year = 1 << 29, month = -(1 << 29), day = 1 << 29})
	pcall(os.date, "%c", math.maxinteger)
	pcall(os.date, "%c", -67768040609740800)
end

--- lines-without-an-end
-- ends: ETIME *step budget exceeded
while true do io.write("x") end

--- many-lines-in-one-write
-- ends: ETIME *step budget exceeded | ENOMEM *
-- small: ETIME * | ENOMEM *
local s = "\n"
while true do s = s .. s io.write(s) end

--- many-values-in-one-write
-- ends: ETIME *step budget exceeded | EREMOTEIO *too many results to unpack | ENOMEM *
-- small: ETIME * | EREMOTEIO * | ENOMEM *
local t = {}
for i = 1, 5000 do t[i] = "" end
while true do io.write(table.unpack(t)) end

--- getinfo-of-a-long-option
-- ends: ETIME *step budget exceeded | ENOMEM *
-- small: ETIME * | ENOMEM *
local s = "S"
while true do s = s .. s pcall(debug.getinfo, 1, s) end

--- getinfo-of-a-long-name
-- ends: ETIME *step budget exceeded | ENOMEM *
-- small: ETIME * | ENOMEM *
local f = load("return debug.getinfo(1, 'S').source", "=" .. ("x"):rep(20000))
while true do f() end

--- tracebacks-of-deep-calls
-- ends: ETIME *step budget exceeded
local function deep(n)
	if n > 0 then return (deep(n - 1)) end
	while true do debug.traceback("", 40) end
end
deep(60)

--- traceback-of-a-long-message
-- ends: ETIME *step budget exceeded | ENOMEM *
-- small: ETIME * | ENOMEM *
local s = "x"
while true do s = debug.traceback(s .. s, 100) end

--- tostring-that-prints
-- ends: EREMOTEIO *C stack overflow* | EREMOTEIO *error in error handling* | ETIME *
tostring = print
print(1)

--- tostring-that-never-ends
-- ends: ETIME *step budget exceeded
function tostring() while true do end end
print(1)

--- tostring-that-changes
-- ends: 0
local n = 0
local old = tostring
function tostring(x)
	n = n + 1
	tostring = n > 1 and function() return {} end or tostring
	return old(x)
end
print(1, 2, 3)

--- tostring-that-fails-later
-- ends: EREMOTEIO *'tostring' must return a string to 'print'*
local n = 0
function tostring(x)
	n = n + 1
	return n > 1 and {} or "x"
end
print(1, 2, 3)

--- a-file-is-nothing-else
-- ends: EREMOTEIO *FILE* expected, got table*
io.stdout.write({}, "x")

--- a-file-has-no-other-methods
-- ends: 0 nil	nil	nil
return io.stdout.close, io.stdout.read, io.stdout.seek

--- what-the-caller-cannot-reach
-- ends: 0 nil	nil
return debug.getinfo(1, "f").func, debug.getinfo(0, "f").func
