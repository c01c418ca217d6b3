// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes programs from bytes. Each byte chooses an alternative of a rule; in an
 * alternative $X stands for the rule X and $$ for a dollar. When the bytes, the room
 * or the depth are used up, the first alternative of each rule is taken, which
 * therefore must not lead deeper.
 *
 * Nearly all programs compile. They should get far rather than make sense, so each
 * statement runs in pcall(), on values that mostly have the type that is needed.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "generate.h"

#define MAX_DEPTH	24
/* Room in which all open rules can be ended */
#define SPARE		1024

static const char *const program[] = {
	"local a,b,c,d=1,'x',{},print\n"
	"T,U,F,G,C={},{},print,print,coroutine.create(print)\n"
	"function Q(n,s,p)local t={}for i=1,n do t[i]=s:gsub('@',i)end return table.concat(t,p)end\n"
	"function W(n,o,m,c)return o:rep(n)..m..(c or''):rep(n)end\n$P",
};

/*
 * Top level: statements that may fail. Q repeats a text, with a number in each copy,
 * and W nests one, for sources at the limits of the compiler ($N).
 */
static const char *const part[] = {
	"pcall(function(...) $B end,T,U,7,'xyz')",
	"pcall(function(...) $B end,T,U,7,'xyz')\n$P",
	"pcall(function(...) $B end,T,U,7,'xyz')\n$P",
	"pcall(function(...) $B end,T,U,7,'xyz')\n$P",
	"pcall(function(...) $B end,T,U,7,'xyz')\n$P",
	"$S\n$P",
	"xpcall(function(...) $B end,function(...) $B return $E end,T,U,7,'xyz')\n$P",
	"C=coroutine.create(function(...) $B $Y $B return $l end)\n$P",
	"pcall(coroutine.wrap(function(...) $B end))\n$P",
	"pcall(coroutine.wrap(function(...) $B $Y return $l end))\n$P",
	"for i=1,3 do pcall(coroutine.resume,C,i,T) end\n$P",
	"pcall(function(...) setmetatable(T,$M) end)\n$P",
	"pcall(function(...) setmetatable(U,$M) end)\n$P",
	"pcall(function(...) F=$f end)\n$P",
	"pcall(function(...) G=$f end)\n$P",
	"pcall(function(...) callback($f,$f,$L) end)\n$P",
	"T=setmetatable($t,$M) $S\n$P",
	"pcall(function(...) F=load($O) $S F($l) end)\n$P",
	"pcall(load($O),$L)\n$P",
	"pcall(function(...) G=$u.$w $B end)\n$P",
	"error($e)",
};

static const char *const block[] = {
	"", "$S", "$S\n$S", "$S\n$B", "$S\n$S\n$B",
};

static const char *const statement[] = {
	"$v=$E",
	"$v=$E",
	"$v,$v=$L",
	"$v,$v,$v=$v,$v",
	"local $x=$E",
	"local $x,$x=$L",
	"T[$E]=$E",
	"T.$x=$E",
	"U[$E],T[$E]=$L",
	"T[#T+1]=$E",
	"T[$i]=nil",
	"$C",
	"$C",
	"$C",
	"if $E then $B end",
	"if $E then $B elseif $E then $B else $B end",
	"for i=1,$i do $K end",
	"for i=$n,$n do $K end",
	"for i=$n,$n,$n do $K end",
	"for k,v in pairs($t) do $K end",
	"for k,v in ipairs($t) do $K end",
	"for k,v in next,$t do T[k]=nil U[k]=v $K end",
	"for k in string.gmatch($s,$p) do $K end",
	"for p,k in utf8.codes($s) do $K end",
	"for k,v in $f,$E,$E do $K end",
	"for i=1,$i do T[i]=$E end",
	"for i=1,$i do T[$s..i]=$E end",
	"while $E do $K break end",
	"repeat $K until $E",
	"do local n=0 ::l:: n=n+1 $B if n<$i then goto l end end",
	"do goto l; local $x ::l:: ::m:: end",
	"do $B do goto l end $B ::l:: end",
	"do local n=0 while n<5 do n=n+1 local $x=n U[n]=function(...) $x=$E return $x end if $E then goto l end $B ::l:: end end",
	"do $B end",
	"do return $l end",
	"do return $v($l) end",
	"do return F($l) end",
	"F=function(...) $B return $l end",
	"local function g(n,...) if n>0 then return $E,g(n-1,...) end $B end g($i,$L)",
	"local function g(...) $B return pcall(g,...) end g($l)",
	"function T:$x(...) $B return $l end",
	"function T.$x(a,b,...) $B return ... end",
	"local _ENV=setmetatable($t,{__index=_ENV,__newindex=$f})",
	"local _ENV={T=T,U=U,F=F,pcall=pcall,setmetatable=setmetatable} $B",
	"setmetatable($t,$M)",
	"setmetatable(T,$M)",
	"setmetatable(U,getmetatable(T))",
	"setmetatable({},{__gc=$f})",
	"setmetatable({$l},{__gc=function(o,...) T[#T+1]=o setmetatable(o,getmetatable(o)) $B end})",
	"for i=1,$i do setmetatable({},{__gc=$f}) end",
	"getmetatable('').__index=$f",
	"getmetatable('').__$y=$f",
	"getmetatable('').__index=string",
	"collectgarbage()",
	"collectgarbage($g)",
	"error($E)",
	"error($E,$i)",
	"$Y",
	"T=setmetatable({},{__mode=$m}) for i=1,$i do T[{}]={} T[i]={} end",
	"do local e=setmetatable({},{__mode='k'}) local k={} for i=1,$i do local n={} e[k]=n k=n end U[1]=e end",
	"do local t={} for i=1,$i do t={t} end T=t end",
	"do local s=$s for i=1,$i do s=s..s end $B end",
	"T[#T+1]=resource()",
	"for i=1,$i do resource() end",
	"do local t={} for i=1,$i do t[i]='local a'..i..'='..i end F=load(table.concat(t,' ')) end",
	"local $x,$x,$x,$x,$x,$x,$x,$x=$L",
	"$v,$v,$v,$v,$v,$v=$L",
	"for i=1,$i do local $x=i U[i]=function(...) $x=$x return $x,$E end if $E then goto c end $B ::c:: end",
	"do local n=0 ::t:: local $x=n U[n]=function(...) $x=n return $x end n=n+1 if n<5 then goto t end $B end",
	"while $E do local $x=$E U[1]=function(...) $B return $x end if $E then break end $B break end",
	"repeat local $x=$E U[2]=function(...) $x=$E return $x end $B until $x or $E",
	"do local n=0 for i=$n,$n,$n do n=n+1 T[n]=i if n>4 then break end $B end end",
	"for k in coroutine.wrap(function(...) $B $Y end) do $K end",
	"for k in pairs($t) do collectgarbage() T[k]=nil U[k]=nil $K end",
	"for i=1,$i do local c=coroutine.wrap(function(...) local $x=setmetatable({},{__gc=$f}) $Y U[i]=function() return $x end $Y $B end) pcall(c) T[i]=c end",
	"for i=1,$i do T[i]=coroutine.create($f) coroutine.resume(T[i],$L) end T={} collectgarbage()",
	"setmetatable({},{__gc=coroutine.wrap(function(...) $B $Y end)})",
	"setmetatable({C},{__gc=function(o,...) C=coroutine.create($f) coroutine.resume(o[1],C) $B coroutine.resume(C,o) end})",
	"setmetatable({},{__gc=function(o,...) $B coroutine.yield(o) end})",
	"setmetatable({},{__gc=function(o,...) setmetatable(o,{__gc=$f}) collectgarbage($g) $B end})",
	"do local mt={__gc=function(o,...) $B end} for i=1,$i do T[i]=setmetatable({T[i-1]},mt) end mt.__gc=$f end",
	"do local e=setmetatable({},{__mode=$m,__gc=$f}) for i=1,$i do e[$E]=setmetatable({},{__gc=$f}) end U[3]=e end",
	"do local e=setmetatable({},{__mode='k'}) for i=1,$i do local k={} e[k]=function(...) return k,$E end T[i]=k end end",
	"U=setmetatable({C,'x'..$i,$f,{},[{}]=1,[$f]=C},{__mode=$m}) collectgarbage() $B",
	"do local t=$t setmetatable(t,$M) setmetatable(t,$M) t[$E]=$E $v=t end",
	"F=load($O)",
	"$v=load($O)",
	"pcall(load($O),$L)",
	"error($e)",
	"error($e,$i)",
	"assert($E,$e)",
	"collectgarbage('stop') $B",
	"collectgarbage('setpause',$n) collectgarbage('setstepmul',$n) $B",
};

/* The body of a loop. */
static const char *const body[] = {
	"break", "$B", "$B", "$B if $E then break end $B", "$B break",
};

static const char *const call[] = {
	"print($l)",
	"print($l)",
	"$v($l)",
	"F($l)",
	"G($l)",
	"T:$x($l)",
	"pcall($f,$L)",
	"pcall($f,$L)",
	"pcall(pcall,$f,$L)",
	"xpcall($f,$f,$L)",
	"xpcall(error,$f,$E)",
	"select($n,$L)",
	"assert($l)",
	"rawset($t,$E,$E)",
	"rawget($t,$E)",
	"next($t,$E)",
	"pairs($t)",
	"$z",
	"load($o)",
	"pcall(load($o),$L)",
	"pcall(load($o,'=x','t',$t))",
	"load($f)",
	"load($s,$s,$s,$E)",
	"load(('('):rep($i)..'1'..(')'):rep($i))",
	"load(('function F() '):rep($i)..('end '):rep($i))",
	"load('return '..('{'):rep($i)..('}'):rep($i))",
	"load('T='..('not '):rep($i)..'1')",
	"load('T='..('a..'):rep($i)..'1')",
	"load(('a,'):rep($i)..'a=1')",
	"load('local a <'..$s)",
	"coroutine.resume(C,$L)",
	"coroutine.wrap($f)($l)",
	"pcall(coroutine.wrap($f),$L)",
	"coroutine.resume(coroutine.create($f),$L)",
	"coroutine.resume(coroutine.running(),$L)",
	"coroutine.resume($E,$L)",
	"coroutine.status($E)",
	"coroutine.isyieldable()",
	"table.insert($t,$E)",
	"table.insert($t,$n,$E)",
	"table.remove($t)",
	"table.remove($t,$n)",
	"table.move($t,$n,$n,$n)",
	"table.move($t,$n,$n,$n,$t)",
	"table.sort($t)",
	"table.sort($t,$f)",
	"table.sort(T,function(x,y,...) $B return x<y end)",
	"table.unpack($t)",
	"table.unpack($t,$n,$n)",
	"string.gsub($s,$p,$f)",
	"string.gsub($s,$p,$t)",
	"string.gsub($s,$p,$s,$n)",
	"string.find($s,$p)",
	"string.find($s,$p,$n)",
	"string.find($s,$s,$n,true)",
	"string.match($s,$p,$n)",
	"string.match($s,$p)",
	"string.gmatch($s,$p)()",
	"string.find(('a'):rep($i),('a*'):rep($i)..'b')",
	"string.find(('a'):rep($i),('a?'):rep($i)..$s)",
	"string.rep($s,$n)",
	"string.rep($s,$n,$s)",
	"string.format($F,$L)",
	"string.format($s,$L)",
	"string.pack($k,$L)",
	"string.unpack($k,$s,$n)",
	"string.unpack($s,$s)",
	"string.packsize($k)",
	"string.byte($s,$n,$n)",
	"string.char($n,$n)",
	"string.len($s)",
	"string.sub($s,$n,$n)",
	"utf8.char($n,$n)",
	"utf8.codepoint($s,$n,$n)",
	"utf8.len($s,$n,$n)",
	"utf8.offset($s,$n,$n)",
	"math.random($n,$n)",
	"math.fmod($n,$n)",
	"tostring($E)",
	"tonumber($s,$n)",
	"setmetatable($E,$E)",
	"getmetatable($E)",
	"callback($f,$f,$L)",
	"T:$x($l):$x($l)",
	"($s):$w($l)",
	"($s):$w($l):$w($l):$w($l)",
	"$v:$w($l)",
	"$v{$l}",
	"$v'x'",
	"$v:$x{$l}:$x'x'",
	"pcall(error,$e)",
	"xpcall(error,$f,$e)",
	"xpcall($f,function(e,...) $B error($e) end,$L)",
	"xpcall(xpcall,$f,$f,$f,$L)",
	"pcall(coroutine.wrap(error),$e)",
	"coroutine.resume(coroutine.create(error),$e)",
	"coroutine.resume(coroutine.create(pcall),$f,$L)",
	"coroutine.wrap(coroutine.wrap)($f)",
	"coroutine.resume(coroutine.create(function(...) $Y return pcall(function(...) $Y $B end,$L) end))",
	"table.move(setmetatable($t,$M),$n,$n,$n,setmetatable($t,$M))",
	"table.concat(setmetatable($t,$M),$s,$n,$n)",
	"table.unpack(setmetatable($t,$M),$n,$n)",
	"table.sort(setmetatable($t,{__index=$f,__newindex=$f,__len=function() return $i end}),$f)",
	"table.insert(setmetatable($t,$M),$n,$E)",
	"table.remove(setmetatable($t,$M),$n)",
	"table.sort($t,coroutine.wrap(function(...) while true do $Y end end))",
	"load(coroutine.wrap(function(...) coroutine.yield('return ') coroutine.yield($s) $B end))",
	"load((function(s,...) local i=0 return function(...) i=i+1 $B return s:sub(i,i) end end)($o))",
	"load(function(...) collectgarbage() $B return $s end)",
	"pcall(load($O),$L)",
	"pcall(load($O))",
	"string.pack('c'..$n,$s)",
	"string.pack('!' .. $i .. '$r$r',$L)",
	"string.pack('s'..$i,$s)",
	"string.unpack('c'..$n,$s,$n)",
	"string.unpack('s8',string.pack('j',$n)..$s)",
	"string.unpack('!' .. $i .. '$r$r',$s,$n)",
	"string.packsize(('c2147483647'):rep($i))",
	"string.packsize('c' .. $n .. '!$i$r')",
	"string.format('%' .. $i .. 'd',$n)",
	"string.format('%' .. $i .. '.' .. $i .. 's',$s)",
	"string.format(('%99d'):rep($i),$L)",
	"utf8.char($h,$h)",
	"utf8.codepoint(utf8.char($h)..$s,$n,$n)",
	"utf8.len($s..utf8.char($h),$n)",
	"utf8.offset(utf8.char($h):rep($i),$n,$n)",
	"string.find(utf8.char($h),utf8.charpattern,$n)",
	"string.gsub($s,'$q',coroutine.yield)",
	"string.gsub($s,$p,{$x=$E,[$s]=$E})",
	"rawequal($E,$E)",
	"rawlen($t)",
	"math.ult($n,$n)",
	"math.tointeger($E)",
	"next(setmetatable($t,$M),$E)",
};

/* Functions of the libraries with any arguments */
static const char *const anything[] = {
	"type($l)", "$u.$w($l)", "$u.$w($l)", "$u.$w($l)", "$u.$w($l)",
};

static const char *const library[] = {
	"string", "table", "utf8", "math", "coroutine", "_ENV",
};

static const char *const function_name[] = {
	"rep", "byte", "char", "find", "format", "gmatch", "gsub", "len",
	"lower", "match", "pack", "packsize", "reverse", "sub", "unpack",
	"upper", "concat", "insert", "move", "remove", "sort", "codepoint",
	"codes", "offset", "abs", "ceil", "floor", "max", "min", "random",
	"tointeger", "ult", "create", "resume", "running", "status", "wrap",
	"yield", "assert", "collectgarbage", "error", "getmetatable", "ipairs",
	"load", "next", "pairs", "pcall", "print", "rawequal", "rawget",
	"rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring",
	"type", "xpcall", "resource", "callback",
};

static const char *const yield[] = {
	"coroutine.yield()", "coroutine.yield($l)", "$v=coroutine.yield($l)",
	"pcall(coroutine.yield,$L)", "$v,$v=pcall(coroutine.yield,$L)",
	"table.sort(T,coroutine.yield)", "for i=1,$i do coroutine.yield(i) end",
};

static const char *const expression[] = {
	"1", "$n", "$n", "$s", "$s", "$t", "$t", "$f", "nil", "true", "false",
	"$v", "$v", "$v", "$v", "...", "(...)", "$C",
	"$C", "$C", "($E)", "$E and $E", "$E or $E", "not $E", "#$v", "-$v",
	"~$v", "$v$b$v", "$E$b$E", "$n$b$n", "$v==$v", "$E==$E", "$E~=$E",
	"$v<$v", "$v<=$v", "$v..$v", "$E .. $E .. $E", "T[$E]", "U[$E]", "T.$x",
	"$v[$E]", "$v.$x", "coroutine.running()", "resource()",
	"(function(...) $B return $l end)($l)", "select('#',$L)", "_ENV", "C",
	"$s$b$n", "$n$b$s", "-$s", "~$s", "#$t", "$v..$v..$v..$v..$v",
	"$s .. $n .. $s", "setmetatable({},$M)$b setmetatable({},$M)",
	"$v$b$n", "$n$b$v", "$v[$n]", "(setmetatable({},$M)).$x", "$e",
	"T.$x.$x.$x", "not($E==$E)", "{$l}",
};

static const char *const list[] = {
	"", "$L", "$L", "$L", "$E", "table.unpack(T)",
};

static const char *const some[] = {
	"1", "$E", "$E,$E", "$E,$E,$E", "$E,$L", "$E,$L", "...", "$E,...",
	"table.unpack(T,1,$i)", "$C",
};

static const char *const number[] = {
	"1", "0", "-1", "2", "3", "7", "10", "16", "31", "32", "63", "64",
	"100", "255", "256", "1000", "65535", "0x7fffffff", "0x80000000",
	"0xffffffff", "0x100000000", "-2147483648", "math.maxinteger",
	"math.mininteger", "(math.maxinteger-1)", "(math.mininteger+1)",
	"0x10ffff", "0xd800", "-3", "-100", "$i", "#T", "#$s", "(#$t)",
	"($n$b$n)", "(-$n)", "(~$n)", "math.random($i)",
	"select('#',$L)", "(tonumber($s) or 1)", "string.len($s)",
	"(string.byte($s) or 0)", "math.abs($n)", "'10'", "'0x1p4'",
	"collectgarbage('count')",
	"(1<<62)", "(math.maxinteger//2)", "(math.mininteger//2)", "(1<<63)", "$N",
	"(-$N)", "'-1'", "utf8.len($s)", "rawlen($t)",
};

/* Counts */
static const char *const small[] = {
	"1", "2", "3", "4", "5", "8", "9", "10", "15", "20", "30", "50", "100",
	"150", "190", "199", "200", "201", "250", "256", "300", "500", "1000",
	"3000", "10000", "100000",
};

static const char *const string[] = {
	"'x'", "''", "'abc'", "'a b  c'", "'10'", "'0x7f'", "'\\0'",
	"'\\xff\\xfe'", "'\\u{7FF}\\u{10FFFF}'", "'%'", "'((a)b)'", "'aaaaaaaa'",
	"[[\nlong\n]]", "'0123456789012345678901234567890123456789ab'",
	"('x'):rep($i)", "('ab'):rep($i)", "('('):rep($i)", "($s .. $s)",
	"($s .. $n)", "tostring($v)", "tostring($t)", "string.upper($s)",
	"string.reverse($s)", "string.sub($s,$n,$n)", "string.rep($s,$i,$s)",
	"string.format($F,$L)", "string.char($i)", "table.concat($t,$s)",
	"table.concat(T,$s,$n,$n)", "string.gsub($s,$p,$s)", "string.pack($k,$L)",
	"utf8.char($n)", "$o", "utf8.charpattern", "_VERSION",
	"'\\xf4\\x90\\x80\\x80'", "'\\xc0\\x80'", "'\\xed\\xa0\\x80'",
	"'\\xe2\\x82'", "'\\x80'", "utf8.char($h)", "'-0x8000000000000000'",
	"'9223372036854775807'", "'  12  '", "'0x'", "'%b()%f[x]%1'", "$O",
	"('x'):rep($N)", "Q($N,'@')", "' '", "'\\n'",
};

static const char *const table[] = {
	"{}", "T", "T", "U", "U", "{$l}", "{$E,$E,$E}", "{$n,$n,$s,$s}",
	"{$x=$E,$x=$E}", "{[$E]=$E,[$E]=$E}", "{$x=$E,$E,[$n]=$E;$l}",
	"setmetatable({$l},$M)", "setmetatable({},{$H,$H})", "table.pack($l)",
	"{table.unpack(T)}", "{n=$n}", "{1,2,3,4,5,6,7,8}", "_G", "string",
	"{'b','a','c'}", "{{},{{}}}", "(getmetatable($v) or T)",
};

static const char *const function[] = {
	"print", "function(...) $B return $l end", "function(...) $B return $l end",
	"function(...) $B return $l end", "function(a,b,...) $B return $E end",
	"function(a,b,...) $B return a,$E end", "function(...) return $v end",
	"function(x,y,...) return x<y end", "function(x,y,...) return $E end",
	"function(...) $v=$E end", "function(...) $Y return $l end",
	"function(...) return F(...) end", "F", "G", "F", "pcall", "error",
	"setmetatable", "getmetatable", "next", "tostring", "load", "rawset",
	"rawget", "coroutine.yield", "coroutine.wrap($f)", "collectgarbage",
	"string.rep", "string.gsub", "table.unpack", "table.sort", "resource",
	"function(...) error($E) end", "function(o,...) T=o end", "callback",
	"(load($o) or F)",
	"coroutine.resume", "coroutine.create", "coroutine.wrap(coroutine.yield)",
	"xpcall", "select", "ipairs", "pairs", "rawequal", "utf8.codes",
	"table.concat", "table.move", "string.format", "string.pack",
	"function(...) $B return ... end", "function(o,...) $B return o end",
	"function(...) return pcall(F,...) end", "utf8.char", "table.insert",
	"function(...) local $x=... return function(...) $x=$E return $x end end",
};

static const char *const metatable[] = {
	"{}", "{$H}", "{$H,$H}", "{$H,$H,$H}", "{$H,__mode=$m}", "T", "U",
	"setmetatable({$H},{$H,$H})", "nil", "{__gc=true,$H}",
	"{$H,$H,$H,$H,$H}", "{__index=T,__newindex=U,$H}", "getmetatable('')",
	"{__gc=$f,__mode=$m}", "{__index=coroutine.yield,$H}",
};

static const char *const metamethod[] = {
	"__index=$f", "__index=$t", "__newindex=$f", "__newindex=$t",
	"__call=$f", "__call=$t", "__gc=$f", "__gc=$f", "__mode=$m",
	"__len=$f", "__eq=$f", "__lt=$f", "__le=$f", "__concat=$f",
	"__unm=$f", "__bnot=$f", "__tostring=$f", "__name=$s", "__pairs=$f",
	"__metatable=$E", "__$y=$f", "__$y=$f",
	"__$y=coroutine.yield", "__$y=coroutine.wrap(function(...) while true do $Y end end)",
	"__$y=function(...) $Y return $l end", "__index=function(...) $Y return $l end",
	"__gc=function(o,...) $B end", "__call=T", "__$y=T", "__name=$e",
	"__tostring=function(...) return $E end", "__len=function(...) return $n end",
	"__pairs=function(...) return $f,$E,$E end", "__newindex=function(...) $Y end",
};

static const char *const operator_name[] = {
	"add", "sub", "mul", "div", "mod", "pow", "idiv", "band", "bor",
	"bxor", "shl", "shr", "unm", "bnot", "concat", "lt", "le", "eq",
};

static const char *const mode[] = { "'k'", "'v'", "'kv'", "'vk'", "$s" };

static const char *const binary[] = {
	"+", "-", "*", "//", "%", "&", "|", "~", "<<", ">>", "/", "^", " .. ",
	"<", "==",
	">", "<=", ">=", "~=", " and ", " or ",
};

static const char *const variable[] = {
	"a", "b", "c", "d", "e", "f", "T", "U", "F", "G",
};

static const char *const name[] = { "a", "b", "c", "d", "e", "n", "x" };

static const char *const pattern[] = {
	"'x'", "'$q'", "'$q$q'", "'$q$q$q'", "'^$q$q'", "'$q$q$$'", "$s",
	"'$q$q$q$q$q$q'", "('$q'):rep($i)", "'($q)$q%1'", "'%b()$q'",
};

static const char *const pattern_item[] = {
	"a", ".", "%a", "%d*", "%s-", "%w+", "x?", ".-", ".*", "[abc]",
	"[^a]*", "[%w_]+", "[a-z]-", "[]]", "[^]]", "(", ")", "()", "($q)",
	"($q$q)", "%1", "%2", "%b()", "%bxx", "%f[%w]", "%f[^a]", "[", "%",
	"%z", "\\0", "%x", "($q$q$q)*", "-", "^", "$$", "%g*", "[%", "%b",
	"%f[", "%f[%z]", "[%a-z]", "[a-%%]", "[^%]]", "%9", "%0", "\xff", "%bx",
};

static const char *const format[] = {
	"'%s'", "'$j'", "'$j$j'", "'$j$j$j'", "'$j%'", "('%s'):rep($i)",
};

static const char *const format_item[] = {
	"%d", "%s", "%q", "%x", "%c", "%i", "%u", "%o", "%X", "%5d", "%-10s",
	"%.3s", "%099d", "%.99d", "%+d", "% d", "%#x", "%%", "%10.5d", "%.20s",
	"%99.99s", "%p", "%f", "%a", "%g", "%100d", "%.s", "%-#0+ 5d", " ",
	"%05.3d", "%-99.99s", "%.100s", "%1$$d", "%*d", "%099.99x", "%lld", "%q%q",
};

static const char *const pack[] = {
	"'i4'", "'$r'", "'$r$r'", "'$r$r$r'", "'$r$r$r$r'", "('$r'):rep($i)",
};

static const char *const pack_item[] = {
	"b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "i1", "i3",
	"i8", "i16", "I16", "I9", "s", "s1", "s2", "z", "x", "X", "Xi4", "Xb",
	"<", ">", "=", "!", "!1", "!16", "!8", "c0", "c5", "c100", " ", "i17",
	"c2147483647", "s9", "d", "c", "Xz",
	"!2", "!17", "i0", "i128", "c4294967296", "c9223372036854775807", "s16",
	"Xi16", "Xi3", "Xc5", "s3", "I7", "c65536",
};

/* A source text, in long brackets of one level more than those around it */
static const char *const source[] = {
	"'return 1'", "$[$B return $l$]", "$[$B$]", "$[return $E$]",
	"$[$B $s$]", "$['$]", "$[goto l$]", "$[for$]", "'\\27Lua'", "$s",
	"$[local $x $B return function(...) $x=$E $B return $x end$]",
};

static const char *const collect[] = {
	"'step'", "'collect'", "'count'", "'stop'", "'restart'", "'step',$n",
	"'setpause',$n", "'setstepmul',$n", "'isrunning'", "$s",
};

/* Error objects */
static const char *const error_object[] = {
	"nil", "$t", "$s", "$n", "$f", "C", "true", "setmetatable({},$M)",
	"setmetatable({},{__tostring=$f})", "setmetatable({},{__tostring=error,$H})",
	"setmetatable({},{__name=$s})", "coroutine.wrap($f)", "'not enough memory'",
};

/* Code points, and numbers that are none */
static const char *const code_point[] = {
	"0", "0x7f", "0x80", "0x7ff", "0x800", "0xd800", "0xdfff", "0xffff",
	"0x10000", "0x10ffff", "0x110000", "0x1fffff", "0x3ffffff", "0x7fffffff",
	"0x80000000", "-1", "$n",
};

/* Counts near the compiler's limits on registers, locals, upvalues and constants */
static const char *const limit[] = {
	"3", "1", "2", "7", "8", "15", "16", "31", "32", "47", "48", "49", "50",
	"51", "60", "61", "62", "100", "127", "128", "129", "190", "198", "199",
	"200", "201", "202", "247", "248", "249", "250", "251", "252", "253",
	"254", "255", "256", "257", "258", "400", "511", "512", "513",
};

/* Sources with such counts */
static const char *const large_source[] = {
	"W($N,'(','1',')')",
	"W($N,'(','1',')')",
	"'return '..W($N,'(','...',')')",
	"'return '..W($N,'{','...','}')",
	"'return '..W($N,'{1,','...',',2}')",
	"'return '..W($N,'- ','T')",
	"'return '..W($N,'not ','T')",
	"'return '..W($N,'#','T')",
	"'return '..W($N,'~','1')",
	"'return '..W($N,'1+(','1',')')",
	"'return '..W($N,'1 ..','1')",
	"'return '..W($N,'2^','1')",
	"'return T'..W($N,'.x','')",
	"'return T'..W($N,'[T','1',']')",
	"'return '..W($N,'T[','1',']')",
	"'return F'..W($N,'()','')",
	"'return F'..W($N,'{}','')",
	"'return T'..W($N,':x()','')",
	"'return '..W($N,'F(','...',')')",
	"'return '..W($N,'1 and ','1')",
	"'return '..W($N,'T==1 or ','1')",
	"'return '..W($N,'T<1 and T or ','1')",
	"'return '..W($N,'function(...) return ','...',' end')",
	"'local a return '..W($N,'function() a=a return ','a',' end')",
	"W($N,'do ','F()',' end')",
	"W($N,'do local a ','F(a)',' end')",
	"W($N,'while T do ','break',' end')",
	"W($N,'repeat local a ','F(a)',' until a')",
	"W($N,'if T then ','F()',' end')",
	"W($N,'if T then F() else','',' ')",
	"'if T then F() '..W($N,'elseif F then G() ','')..' end'",
	"W($N,'for i=1,2 do ','F(i)',' end')",
	"W($N,'for i in F do ','F(i)',' end')",
	"W($N,'function F(...) ','F(...)',' end')",
	"W($N,'local function f(...) ','F(f)',' end')",
	"W($N,'T.x=function(...) ','F(...)',' end')",
	"Q($N,'local a@=@ ')..'return a1'",
	"Q($N,'local a@=@ ')..'return function() return '..Q($N,'a@',',')..' end'",
	"Q($N,'local a@=@ ')..'return function() return function() '..Q($N,'a@=a1 ')..' end end'",
	"'local '..Q($N,'a@',',')..'=... return '..Q($N,'a@','..')",
	"'local '..Q($N,'a@',',')..'=... return a1'",
	"'local function f('..Q($N,'a@',',')..',...) return ... end return f(...)'",
	"Q($N,'a@',',')..'=...'",
	"Q($N,'T.a@',',')..'='..Q($N,'@',',')",
	"'return '..Q($N,'@',',')",
	"'return '..Q($N,'T.a@',',')",
	"'return F('..Q($N,'a@',',')..',...)'",
	"'return {'..Q($N,'@',',')..',...}'",
	"'return {'..Q($N,'[@]=@',';')..'}'",
	"'return {'..Q($N,'a@=@',',')..'}'",
	"'local t={} '..Q($N,'t.k@=@ t[@]=t.k1 ')..' return t'",
	"Q($N,'T[\\'k@\\']=T.a@+@ ')",
	"Q($N,'::l@::')..' goto l1'",
	"Q($N,'do goto l@ end ')..Q($N,'::l@::')",
	"Q($N,'goto l@ ')..Q($N,' local a@ ::l@::')",
	"'do '..Q($N,'local a@ U[@]=function() return a@ end goto l@ ::l@:: ')..' end'",
	"'for i=1,3 do '..Q($N,'if i==@ then goto c end ')..' ::c:: end'",
	"'for i=1,3 do '..Q($N,'if i==@ then break end ')..' end'",
	"'return \\''..Q($N,'\\\\@')..'\\''",
	"'return \\''..W($N,'\\\\z ','')..'\\''",
	"W($N,'[','x',']')",
	"'return ['..W($N,'=','[x]','=')..']'",
	"'--['..W($N,'=','[x')",
	"W($N,'-','')",
	"W($N,'\\n','F()')",
	"W($N,';','F()')",
	"W($N,'x','=1')",
	"'return 0x'..W($N,'f','')",
	"'return '..W($N,'9','')",
	"$s..$O",
};

#define RULE(array)	{ array, sizeof(array) }

static const struct {
	const char *const *alternatives;
	size_t size;
} rules[128] = {
	['A'] = RULE(program),
	['B'] = RULE(block),
	['C'] = RULE(call),
	['E'] = RULE(expression),
	['F'] = RULE(format),
	['H'] = RULE(metamethod),
	['K'] = RULE(body),
	['L'] = RULE(some),
	['M'] = RULE(metatable),
	['N'] = RULE(limit),
	['O'] = RULE(large_source),
	['P'] = RULE(part),
	['S'] = RULE(statement),
	['Y'] = RULE(yield),
	['b'] = RULE(binary),
	['e'] = RULE(error_object),
	['f'] = RULE(function),
	['g'] = RULE(collect),
	['h'] = RULE(code_point),
	['i'] = RULE(small),
	['j'] = RULE(format_item),
	['k'] = RULE(pack),
	['l'] = RULE(list),
	['m'] = RULE(mode),
	['n'] = RULE(number),
	['o'] = RULE(source),
	['p'] = RULE(pattern),
	['q'] = RULE(pattern_item),
	['r'] = RULE(pack_item),
	['s'] = RULE(string),
	['t'] = RULE(table),
	['u'] = RULE(library),
	['v'] = RULE(variable),
	['w'] = RULE(function_name),
	['x'] = RULE(name),
	['y'] = RULE(operator_name),
	['z'] = RULE(anything),
};

struct generator {
	const unsigned char *in;
	size_t inlen;
	char *out;
	size_t len;
	size_t size;
	int depth;
	int level;
};

static void put(struct generator *g, char c)
{
	if (g->len < g->size)
		g->out[g->len++] = c;
}

/* Write a long bracket, of one level more than those that it is in. */
static void put_bracket(struct generator *g, char c)
{
	int i;

	if (c == '[')
		g->level++;
	put(g, c);
	for (i = 0; i < g->level; i++)
		put(g, '=');
	put(g, c);
	if (c == ']')
		g->level--;
}

static unsigned int choose(struct generator *g, unsigned int count)
{
	if (!g->inlen || g->depth > MAX_DEPTH || g->len + SPARE > g->size)
		return 0;
	g->inlen--;
	return *g->in++ % count;
}

static void expand(struct generator *g, unsigned char letter)
{
	unsigned int count;
	const char *p;

	g->depth++;
	count = rules[letter].size / sizeof(rules[letter].alternatives[0]);
	p = rules[letter].alternatives[choose(g, count)];
	for (; *p; p++) {
		if (*p != '$')
			put(g, *p);
		else if (*++p == '$')
			put(g, '$');
		else if (*p == '[' || *p == ']')
			put_bracket(g, *p);
		else
			expand(g, *p);
	}
	g->depth--;
}

/**
 * fuzz_generate - make a program
 * @in: bytes that choose the program; the same bytes always make the same program
 * @inlen: number of bytes in @in
 * @out: buffer for the program
 * @size: bytes of @out; 4 KiB or more
 *
 * Return: the length of the program.
 */
size_t fuzz_generate(const unsigned char *in, size_t inlen, char *out,
		     size_t size)
{
	struct generator g = {
		.in = in,
		.inlen = inlen,
		.out = out,
		.size = size,
	};

	expand(&g, 'A');
	return g.len;
}
