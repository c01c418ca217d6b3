-- SPDX-License-Identifier: GPL-2.0-only
-- Errors caught in a coroutine that the host resumes (patch 10).
pcall(function(...)
	for k, v in pcall, coroutine.running(), ... do a = 1 end
end)
--@ 0 256 50000 1
