-- SPDX-License-Identifier: GPL-2.0-only
-- Dates as a library computes them: parsing, arithmetic, ISO weeks, Easter, printing.
local D = {} D.__index = D
local floor, fmod, modf = math.floor, math.fmod, math.modf
local function daynum(y, m, d)
	m = m - 3
	y, m = y + floor(m / 12), m % 12
	return 365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400) + floor((m * 306 + 5) / 10) + d - 1
end
local function fromday(g)
	local y = floor((10000 * g + 14780) / 3652425)
	local d = g - (365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400))
	if d < 0 then y = y - 1 d = g - (365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400)) end
	local mi = floor((100 * d + 52) / 3060)
	return floor((mi + 2) / 12) + y, (mi + 2) % 12 + 1, d - floor((mi * 306 + 5) / 10) + 1
end
local TICKS, EPOCH = 86400 * 1000000, daynum(1970, 1, 1)
local function make(day, frac) return setmetatable({ day = day + frac // TICKS, frac = frac % TICKS }, D) end
local months = {} for i, m in ipairs { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" } do months[m] = i end
local function parse(s)
	local y, m, d, rest = s:match "^(%-?%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
	if not y then d, m, y, rest = s:match "^%a*,?%s*(%d%d?)%s+(%a+)%s+(%d+)(.*)$" m = m and months[m:sub(1, 3):lower()] end
	if not y or not m then return nil, ("invalid date '%s'"):format(s) end
	local h, mi, sec, zone = rest:match "^[T%s]+(%d%d):(%d%d):?([%d%.]*)%s*(.*)$"
	local t = ((tonumber(h) or 0) * 3600 + (tonumber(mi) or 0) * 60 + (tonumber(sec) or 0)) * 1000000
	local sign, zh, zm = (zone or ""):match "^([+-])(%d%d):?(%d%d)$"
	if sign then t = t - (sign .. "1") * (zh * 3600 + zm * 60) * 1000000 end
	return make(daynum(tonumber(y), tonumber(m), tonumber(d)), floor(t))
end
function D:ymd() return fromday(self.day) end
function D:wday() return (self.day + 3) % 7 end
function D:epoch() return (self.day - EPOCH) * 86400 + self.frac // 1000000 end
function D:iso()
	local y = self:ymd()
	local function first(y) local j4 = daynum(y, 1, 4) return j4 - (j4 + 2) % 7 end
	if self.day >= first(y + 1) then y = y + 1 elseif self.day < first(y) then y = y - 1 end
	return y, (self.day - first(y)) // 7 + 1
end
function D.__sub(a, b) return (a.day - b.day) * 86400 + (a.frac - b.frac) / 1000000 end
function D.__add(a, s) return make(a.day, a.frac + floor(s * 1000000)) end
function D.__lt(a, b) return a.day < b.day or a.day == b.day and a.frac < b.frac end
function D.__eq(a, b) return a.day == b.day and a.frac == b.frac end
function D.__tostring(a) local y, m, d = a:ymd() local s = a.frac / 1000000 return ("%04d-%02d-%02d %02d:%02d:%09.6f"):format(y, m, d, floor(s / 3600), floor(s / 60) % 60, s % 60) end
for _, s in ipairs { "2000-02-29T12:34:56.789", "1999-12-31 23:59:59", "Sun, 06 Nov 1994 08:49:37 GMT", "1582-10-15", "2024-12-30T00:00:00+05:30", "0001-01-01", "nonsense", "5 Foo 2000" } do
	local d, err = parse(s)
	if d then print(d, d:epoch(), d:wday(), d:iso()) else print(err) end
	if d and d.day >= EPOCH then print(os.date("!%Y-%m-%d %H:%M:%S %a %G %V %j", d:epoch())) end
end
local a, b = parse "2024-02-28", parse "2024-03-01T00:00:00.5"
print(b - a, a + 86400.25, a < b, a == parse "2024-02-28 00:00", a + 0.1)
for y = 2020, 2026 do
	local g = y % 19
	local c = y // 100
	local h = (c - c // 4 - (8 * c + 13) // 25 + 19 * g + 15) % 30
	local i = h - h // 28 * (1 - h // 28 * (29 // (h + 1)) * ((21 - g) // 11))
	local j = (y + y // 4 + i + 2 - c + c // 4) % 7
	local l = i - j
	local m = 3 + (l + 40) // 44
	io.write(("%d-%02d-%02d "):format(y, m, l + 28 - 31 * (m // 4)))
end print()
local t = os.date("!*t", 951782400) t.day = t.day + 366 t.hour = -1
local e = os.time(t) print(e, os.date("!%c", e), t.year, t.month, t.day, t.hour, t.yday, t.wday, t.isdst)
print(os.date("!%x %X %p %y %B %A %d|%e|%I|%M", 1e9), os.date("!%H:%M", 3600.0), os.difftime(10, 4.0))
print(os.time { year = 2024, month = 1, day = 31, hour = 12 } - os.time { year = 2023, month = 12, day = 31 })
local function ago(s)
	for _, u in ipairs { { 86400 * 365.2425, "year" }, { 86400 * 30.44, "month" }, { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } } do
		if s >= u[1] then local n = floor(s / u[1] + 0.5) return ("%d %s%s"):format(n, u[2], n == 1 and "" or "s") end
	end
	return ("%.1f seconds"):format(s)
end
for _, s in ipairs { 0.5, 59.94, 60, 3599, 86400 * 1.6, 86400 * 45, 86400 * 800 } do io.write(ago(s), "; ") end print()
local phase = (parse "2024-05-08 03:22" - parse "2000-01-06 18:14") / 86400 % 29.530588853 print(("%.6f"):format(phase))
