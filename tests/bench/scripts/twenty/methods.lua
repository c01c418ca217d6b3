-- SPDX-License-Identifier: GPL-2.0-only
local Account = {}
Account.__index = Account
function Account.new(balance)
	return setmetatable({ balance = balance }, Account)
end
function Account:deposit(amount)
	self.balance = self.balance + amount
	return self
end
function Account:get() return self.balance end
local a, sum = Account.new(0), 0
for i = 1, 215000 do
	a:deposit(i)
	sum = sum + a:get() % 3
end
assert(a:get() == 215000 * 215001 // 2)
