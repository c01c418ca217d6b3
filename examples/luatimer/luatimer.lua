-- SPDX-License-Identifier: GPL-2.0-only
--
-- A scheduler of tasks, each a coroutine: luatimer.ko calls tick() every few
-- milliseconds, and tick() goes on with each task whose time has come.

local tasks = {}			-- tasks and when to go on with them, in ns
local now = 0

-- Only in a task: let so many milliseconds go by.
function sleep(ms)
	coroutine.yield(now + ms * 1000000)
end

-- A new task, which begins with the next tick.
function spawn(fn, ...)
	local args = table.pack(...)
	tasks[coroutine.create(function()
		fn(table.unpack(args, 1, args.n))
	end)] = now
end

-- Those whose time has come, the longest overdue first. A task that fails is none
-- any more; the others go on.
function tick(ns)
	now = ns
	local due = {}
	for task, at in pairs(tasks) do
		if at <= now then
			due[#due + 1] = task
		end
	end
	table.sort(due, function(a, b) return tasks[a] < tasks[b] end)
	for _, task in ipairs(due) do
		tasks[task] = nil
		local good, at = coroutine.resume(task)
		if not good then
			print("a task failed:", at)
		elseif coroutine.status(task) == "suspended" then
			tasks[task] = at
		end
	end
end

-- What there is to do: count, and say so once a minute.
beats = 0

spawn(function()
	while true do
		beats = beats + 1
		sleep(20)
	end
end)

spawn(function()
	while true do
		sleep(60000)
		print(beats, "beats")
	end
end)
