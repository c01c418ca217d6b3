// SPDX-License-Identifier: GPL-2.0-only
/*
 * print, and the parts of io, os and debug that scripts have. Part of core.c.
 *
 * There are no files, no processes and no time zone: io writes to where print does, os
 * tells the time in UTC, and debug only looks.
 */

/* Bytes of an unfinished line that are kept until its end comes, at most */
#define LINE_KEPT	400

/* The name of a file's metatable, as in Lua */
#define FILE_NAME	"FILE*"

/* Its address is the key of the unfinished line in the registry. */
static const char line_key;

/* Charge what klua_print() does: it reads each byte, and logs each line. */
static void charge_lines(lua_State *L, const char *text, size_t len)
{
	const char *end = text + len;
	size_t lines = 1;

	klua_charge_scan(L, len);
	klua_charge(L, KLUA_COST_LINE);
	while ((text = memchr(text, '\n', end - text))) {
		klua_charge(L, KLUA_COST_LINE);
		lines++;
		text++;
	}
	klua_ahead(L, 2 * lines * KLUA_COST_LINE + len);
}

/* Puts the line that io.write() has begun before the text on top, and forgets it. */
static void end_begun_line(lua_State *L)
{
	if (likely(lua_rawgetp(L, LUA_REGISTRYINDEX, &line_key) == LUA_TNIL)) {
		lua_pop(L, 1);
		return;
	}
	lua_insert(L, -2);
	lua_concat(L, 2);
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &line_key);
}

/*
 * Push the text that the global tostring(), at @f, makes of the value at @i. Unless a
 * script has replaced tostring(), values that have no metatable of their own need no
 * call of it. It is called for the others, because messages and tracebacks name it.
 */
static void push_text(lua_State *L, int i, int f)
{
	if (likely(lua_type(L, i) <= LUA_TSTRING &&
		   lua_tocfunction(L, f) == luaB_tostring)) {
		luaL_tolstring(L, i, NULL);
		return;
	}
	lua_pushvalue(L, f);
	lua_pushvalue(L, i);
	lua_call(L, 1, 1);
	if (!lua_isstring(L, -1))
		luaL_error(L, "'tostring' must return a string to 'print'");
}

/* One call of klua_print(), whose text may have several lines */
static int print(lua_State *L)
{
	int n = lua_gettop(L);
	luaL_Buffer b;
	const char *line;
	size_t len;
	int i;

	klua_charge(L, n);
	lua_getglobal(L, "tostring");
	luaL_buffinit(L, &b);
	for (i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, '\t');
		push_text(L, i, n + 1);
		luaL_addvalue(&b);
		if (unlikely(i % 128 == 0))
			klua_look(L, 0);
	}
	luaL_pushresult(&b);
	end_begun_line(L);
	line = lua_tolstring(L, -1, &len);
	charge_lines(L, line, len);
	klua_print(L, line, len);
	return 0;
}

/* The number of bytes before the last newline of @text, or -1 */
static ptrdiff_t last_line_end(lua_State *L, const char *text, size_t len)
{
	size_t i;

	klua_charge_scan(L, len);
	for (i = len; i-- > 0;)
		if (text[i] == '\n')
			return i;
	return -1;
}

/* Print the lines that are complete, and keep the one that is not. */
static void write_lines(lua_State *L, const char *text, size_t len)
{
	ptrdiff_t end = last_line_end(L, text, len);

	if (len - end - 1 > LINE_KEPT)
		end = len;
	if (end >= 0) {
		charge_lines(L, text, end);
		klua_print(L, text, end);
	}
	if (end + 1 < (ptrdiff_t)len) {
		lua_pushlstring(L, text + end + 1, len - end - 1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &line_key);
	}
}

/*
 * Turns a number into a text as io.write() does: without the ".0" that tostring() adds
 * to floats. Returns false for what is neither a number nor a text.
 */
static bool make_written(lua_State *L, int i)
{
	bool isfloat = lua_type(L, i) == LUA_TNUMBER && !lua_isinteger(L, i);
	size_t len;
	const char *text = lua_tolstring(L, i, &len);

	if (isfloat && text[len - 2] == '.' && text[len - 1] == '0') {
		lua_pushlstring(L, text, len - 2);
		lua_replace(L, i);
	}
	return text;
}

/*
 * Writes the values from @first on. If one of them cannot be written, writes those
 * before it, then raises an error.
 */
static int write_values(lua_State *L, int first)
{
	int n = lua_gettop(L);
	int end = first;
	luaL_Buffer b;
	const char *text;
	size_t len;
	int i;

	klua_charge(L, n);
	klua_ahead(L, (size_t)n * 8);
	while (end <= n && make_written(L, end))
		end++;
	luaL_buffinit(L, &b);
	for (i = first; i < end; i++) {
		lua_pushvalue(L, i);
		luaL_addvalue(&b);
		if (unlikely(i % 128 == 0))
			klua_look(L, 0);
	}
	luaL_pushresult(&b);
	end_begun_line(L);
	text = lua_tolstring(L, -1, &len);
	if (!klua_stream(L, text, len))
		write_lines(L, text, len);
	if (end <= n)
		luaL_checkstring(L, end);
	return 1;
}

static int file_write(lua_State *L)
{
	luaL_checkudata(L, 1, FILE_NAME);
	write_values(L, 2);
	lua_settop(L, 1);
	return 1;
}

/* Nothing to do: only an unfinished line waits, and flushing does not end a line. */
static int file_flush(lua_State *L)
{
	luaL_checkudata(L, 1, FILE_NAME);
	lua_pushboolean(L, 1);
	return 1;
}

static int file_tostring(lua_State *L)
{
	luaL_checkudata(L, 1, FILE_NAME);
	lua_pushliteral(L, "file (output)");
	return 1;
}

static const luaL_Reg file_methods[] = {
	{ "write", file_write },
	{ "flush", file_flush },
	{ "setvbuf", file_flush },
	{ "__tostring", file_tostring },
	{ NULL, NULL }
};

/* The file is the function's upvalue. */
static int io_write(lua_State *L)
{
	write_values(L, 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	return 1;
}

/* No file is ever closed. */
static int io_type(lua_State *L)
{
	luaL_checkany(L, 1);
	if (luaL_testudata(L, 1, FILE_NAME))
		lua_pushliteral(L, "file");
	else
		lua_pushnil(L);
	return 1;
}

static int luaopen_io(lua_State *L)
{
	lua_createtable(L, 0, 4);
	lua_newuserdata(L, 0);
	luaL_newmetatable(L, FILE_NAME);
	luaL_setfuncs(L, file_methods, 0);
	lua_pushvalue(L, -1);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "stdout");
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "stderr");
	lua_pushcclosure(L, io_write, 1);
	lua_setfield(L, -2, "write");
	lua_pushcfunction(L, io_type);
	lua_setfield(L, -2, "type");
	return 1;
}

#define DAY_SECONDS	86400

static const char days[7][10] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
	"Saturday",
};

static const char months[12][10] = {
	"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December",
};

/* The fields of a date table, for os.time() and for os.date("*t") */
static const struct date_field {
	const char *name;
	size_t offset;
	int base;	/* added to the member of struct tm */
	int missing;	/* the value of a field that is missing, or -1 */
} date_fields[] = {
	{ "year", offsetof(struct klua_tm, year), 1900, -1 },
	{ "month", offsetof(struct klua_tm, mon), 1, -1 },
	{ "day", offsetof(struct klua_tm, mday), 0, -1 },
	{ "hour", offsetof(struct klua_tm, hour), 0, 12 },
	{ "min", offsetof(struct klua_tm, min), 0, 0 },
	{ "sec", offsetof(struct klua_tm, sec), 0, 0 },
	{ "wday", offsetof(struct klua_tm, wday), 1, 0 },
	{ "yday", offsetof(struct klua_tm, yday), 1, 0 },
};

/* The fields that os.time() reads: the first so many of date_fields */
#define TIME_FIELDS	6

/* Steps for reading those fields, and for setting all of them */
#define TIME_STEPS	8

static long long *date_member(struct klua_tm *tm, const struct date_field *field)
{
	return (long long *)((char *)tm + field->offset);
}

static void set_date_fields(lua_State *L, struct klua_tm *tm)
{
	const struct date_field *field = date_fields;
	const struct date_field *end = field + sizeof(date_fields) /
					       sizeof(date_fields[0]);

	for (; field < end; field++) {
		lua_pushinteger(L, *date_member(tm, field) + field->base);
		lua_setfield(L, -2, field->name);
	}
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "isdst");
}

/* A year, as every other field, has to fit into a C int. */
static void get_date_field(lua_State *L, struct klua_tm *tm,
			   const struct date_field *field)
{
	int type = lua_getfield(L, -1, field->name);
	lua_Integer value;
	int isinteger;

	value = lua_tointegerx(L, -1, &isinteger);
	lua_pop(L, 1);
	if (!isinteger) {
		if (type != LUA_TNIL)
			luaL_error(L, "field '%s' is not an integer", field->name);
		if (field->missing < 0)
			luaL_error(L, "field '%s' missing in date table",
				   field->name);
		value = field->missing;
	} else if (value < -INT_MAX / 2 || value > INT_MAX / 2) {
		luaL_error(L, "field '%s' is out-of-bound", field->name);
	}
	*date_member(tm, field) = value - (isinteger ? field->base : 0);
}

/* Days from 1970-01-01 to the first of a month; a year begins in March here. */
static long long days_to(long long year, int month)
{
	long long era;
	int y, m;

	year -= month < 2;
	era = (year >= 0 ? year : year - 399) / 400;
	y = year - era * 400;
	m = (month + 10) % 12;
	return era * 146097 + y * 365 + y / 4 - y / 100 + (153 * m + 2) / 5 -
	       719468;
}

/* Seconds since 1970; fields may be beyond their ranges, as mktime() has it. */
static long long seconds_of(const struct klua_tm *tm)
{
	long long year = tm->year + 1900 +
			 (tm->mon >= 0 ? tm->mon : tm->mon - 11) / 12;
	int month = tm->mon % 12;
	long long day;

	if (month < 0)
		month += 12;
	day = days_to(year, month) + tm->mday - 1;
	return day * DAY_SECONDS + tm->hour * 3600 + tm->min * 60 + tm->sec;
}

/* The seconds by which a date with isdst is earlier */
static long long summer_seconds(lua_State *L)
{
	bool summer;

	lua_getfield(L, 1, "isdst");
	summer = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return summer ? 3600 : 0;
}

static void split_time(lua_State *L, lua_Integer t, struct klua_tm *tm)
{
	if (!klua_time_split(t, tm))
		luaL_error(L, "time result cannot be represented in this installation");
}

static int os_time(lua_State *L)
{
	struct klua_tm tm;
	lua_Integer t;
	int i;

	if (lua_isnoneornil(L, 1)) {
		lua_pushinteger(L, klua_time());
		return 1;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	klua_charge(L, TIME_STEPS);
	lua_settop(L, 1);
	for (i = TIME_FIELDS - 1; i >= 0; i--)
		get_date_field(L, &tm, &date_fields[i]);
	t = seconds_of(&tm) - summer_seconds(L);
	split_time(L, t, &tm);
	set_date_fields(L, &tm);
	lua_pushinteger(L, t);
	return 1;
}

/*
 * There is no process whose CPU time os.clock() could tell. It tells the time since
 * some moment, in seconds, with the precision of a microsecond.
 */
static int os_clock(lua_State *L)
{
	lua_pushnumber(L, float_div(float_from_int(klua_clock_us()),
				    float_from_int(1000000)));
	return 1;
}

static int os_difftime(lua_State *L)
{
	lua_Number later = float_from_int(luaL_checkinteger(L, 1));
	lua_Number earlier = float_from_int(luaL_checkinteger(L, 2));

	lua_pushnumber(L, float_sub(later, earlier));
	return 1;
}

static int os_getenv(lua_State *L)
{
	luaL_checkstring(L, 1);
	lua_pushnil(L);
	return 1;
}

/*
 * The number of a week that begins with the day @first; days before the first one are
 * in week 0.
 */
static int week_of(const struct klua_tm *tm, int first)
{
	return (tm->yday + 7 - (tm->wday + 7 - first) % 7) / 7;
}

static bool is_leap(long long year)
{
	return !(year % 4) && (year % 100 || !(year % 400));
}

/* Week and year by ISO 8601: the week that has the year's first Thursday is 1. */
static int iso_week(const struct klua_tm *tm, long long *year)
{
	int monday = (tm->wday + 6) % 7;
	int week = (tm->yday - monday + 10) / 7;
	long long y = tm->year + 1900;
	int yday = tm->yday;

	if (week < 1) {
		y--;
		yday += 365 + is_leap(y);
		week = (yday - monday + 10) / 7;
	} else if (week == 53 && tm->yday - monday + 3 >= 365 + is_leap(y)) {
		y++;
		week = 1;
	}
	*year = y;
	return week;
}

/* Bytes of the buffer for an item of a date; the longest, %c, takes fewer than half */
#define DATE_ITEM	80

static int date_item(char *buf, char c, const struct klua_tm *tm,
		     const char *zone);

/* An item that stands for several others */
static noinline int date_items(char *buf, const char *items,
			       const struct klua_tm *tm, const char *zone)
{
	int n = 0;

	for (; *items; items++) {
		if (*items >= 'A')
			n += date_item(buf + n, *items, tm, zone);
		else
			buf[n++] = *items;
	}
	return n;
}

static noinline int date_number(char *buf, long long n, int width, char pad)
{
	return snprintf(buf, DATE_ITEM, pad == '0' ? "%0*lld" : "%*lld", width, n);
}

static noinline int date_text(char *buf, const char *text, int len)
{
	return snprintf(buf, DATE_ITEM, "%.*s", len, text);
}

/* The conversions that do not name a time zone */
static int date_part(char *buf, char c, const struct klua_tm *tm)
{
	long long year = tm->year + 1900;
	int of_century = (year % 100 + 100) % 100;
	int half = (tm->hour + 11) % 12 + 1;
	const char *noon = tm->hour < 12 ? "AM" : "PM";

	switch (c) {
	case 'a': return date_text(buf, days[tm->wday], 3);
	case 'A': return date_text(buf, days[tm->wday], 9);
	case 'b':
	case 'h': return date_text(buf, months[tm->mon], 3);
	case 'B': return date_text(buf, months[tm->mon], 9);
	case 'C': return date_number(buf, (year - of_century) / 100, 2, '0');
	case 'd': return date_number(buf, tm->mday, 2, '0');
	case 'e': return date_number(buf, tm->mday, 2, ' ');
	case 'H': return date_number(buf, tm->hour, 2, '0');
	case 'I': return date_number(buf, half, 2, '0');
	case 'j': return date_number(buf, tm->yday + 1, 3, '0');
	case 'm': return date_number(buf, tm->mon + 1, 2, '0');
	case 'M': return date_number(buf, tm->min, 2, '0');
	case 'n': return date_text(buf, "\n", 1);
	case 'p': return date_text(buf, noon, 2);
	case 'S': return date_number(buf, tm->sec, 2, '0');
	case 't': return date_text(buf, "\t", 1);
	case 'u': return date_number(buf, (tm->wday + 6) % 7 + 1, 1, '0');
	case 'U': return date_number(buf, week_of(tm, 0), 2, '0');
	case 'w': return date_number(buf, tm->wday, 1, '0');
	case 'W': return date_number(buf, week_of(tm, 1), 2, '0');
	case 'y': return date_number(buf, of_century, 2, '0');
	case 'Y': return date_number(buf, year, 1, '0');
	case '%': return date_text(buf, "%", 1);
	default: return -1;
	}
}

/*
 * Writes a conversion of C99's strftime(), in the C locale. Returns -1 for any other.
 */
static int date_item(char *buf, char c, const struct klua_tm *tm,
		     const char *zone)
{
	long long year;
	int week;

	switch (c) {
	case 'c': return date_items(buf, "a b e T Y", tm, zone);
	case 'D':
	case 'x': return date_items(buf, "m/d/y", tm, zone);
	case 'F': return date_items(buf, "Y-m-d", tm, zone);
	case 'r': return date_items(buf, "I:M:S p", tm, zone);
	case 'R': return date_items(buf, "H:M", tm, zone);
	case 'T':
	case 'X': return date_items(buf, "H:M:S", tm, zone);
	case 'g':
	case 'G':
	case 'V':
		week = iso_week(tm, &year);
		if (c == 'V')
			return date_number(buf, week, 2, '0');
		return c == 'G' ? date_number(buf, year, 1, '0') :
		       date_number(buf, (year % 100 + 100) % 100, 2, '0');
	case 'z': return date_text(buf, "+0000", 5);
	case 'Z': return date_text(buf, zone, 3);
	default: return date_part(buf, c, tm);
	}
}

/* Is @c a conversion that may follow %E or %O? */
static bool has_modifier(char modifier, char c)
{
	return c && strchr(modifier == 'E' ? "cCxXyY" : "deHImMSuUVwWy", c);
}

static const char *add_date_item(lua_State *L, luaL_Buffer *b, const char *p,
				 const struct klua_tm *tm, const char *zone)
{
	char buf[DATE_ITEM];
	const char *conversion = p;
	int n = -1;

	klua_charge(L, 4 * KLUA_COST_NUMERAL);
	if ((*p == 'E' || *p == 'O') && has_modifier(*p, p[1]))
		p++;
	if (*p && *p != 'E' && *p != 'O')
		n = date_item(buf, *p, tm, zone);
	if (n < 0)
		luaL_argerror(L, 1,
			      lua_pushfstring(L, "invalid conversion specifier '%%%s'",
					      conversion));
	luaL_addlstring(b, buf, n);
	return p + 1;
}

static int os_date(lua_State *L)
{
	size_t len;
	const char *p = luaL_optlstring(L, 1, "%c", &len);
	const char *end = p + len;
	const char *zone = "UTC";
	struct klua_tm tm;
	luaL_Buffer b;

	split_time(L, luaL_opt(L, luaL_checkinteger, 2, klua_time()), &tm);
	if (*p == '!') {
		zone = "GMT";
		p++;
	}
	if (!strcmp(p, "*t")) {
		lua_createtable(L, 0, 9);
		set_date_fields(L, &tm);
		return 1;
	}
	luaL_buffinit(L, &b);
	while (p < end) {
		klua_charge(L, 1);
		if (*p == '%')
			p = add_date_item(L, &b, p + 1, &tm, zone);
		else
			luaL_addchar(&b, *p++);
	}
	luaL_pushresult(&b);
	return 1;
}

static const luaL_Reg os_functions[] = {
	{ "clock", os_clock },
	{ "date", os_date },
	{ "difftime", os_difftime },
	{ "getenv", os_getenv },
	{ "time", os_time },
	{ NULL, NULL }
};

static int luaopen_os(lua_State *L)
{
	luaL_newlib(L, os_functions);
	return 1;
}

/* The coroutine to look at: the first argument (@shift 1), or else the caller */
static lua_State *asked_thread(lua_State *L, int *shift)
{
	*shift = lua_isthread(L, 1);
	return *shift ? lua_tothread(L, 1) : L;
}

static int debug_traceback(lua_State *L)
{
	int shift;
	lua_State *L1 = asked_thread(L, &shift);
	const char *msg = lua_tostring(L, shift + 1);

	if (!msg && !lua_isnoneornil(L, shift + 1)) {
		lua_pushvalue(L, shift + 1);
		return 1;
	}
	luaL_traceback(L, L1, msg, luaL_optinteger(L, shift + 2, L == L1));
	return 1;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
	lua_pushstring(L, text);
	lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, int value)
{
	lua_pushinteger(L, value);
	lua_setfield(L, -2, name);
}

static void set_boolean(lua_State *L, const char *name, int value)
{
	lua_pushboolean(L, value);
	lua_setfield(L, -2, name);
}

/* Pushes a table with the fields that @what asks for. */
static void push_info(lua_State *L, const lua_Debug *ar, const char *what)
{
	lua_createtable(L, 0, 8);
	if (strchr(what, 'S')) {
		set_text(L, "source", ar->source);
		set_text(L, "short_src", ar->short_src);
		set_integer(L, "linedefined", ar->linedefined);
		set_integer(L, "lastlinedefined", ar->lastlinedefined);
		set_text(L, "what", ar->what);
	}
	if (strchr(what, 'l'))
		set_integer(L, "currentline", ar->currentline);
	if (strchr(what, 'u')) {
		set_integer(L, "nups", ar->nups);
		set_integer(L, "nparams", ar->nparams);
		set_boolean(L, "isvararg", ar->isvararg);
	}
	if (strchr(what, 'n')) {
		set_text(L, "name", ar->name);
		set_text(L, "namewhat", ar->namewhat);
	}
	if (strchr(what, 't'))
		set_boolean(L, "istailcall", ar->istailcall);
}

/*
 * As in Lua, but without functions and tables of lines: a caller may know about the
 * functions that have called it, but does not get them.
 */
static int debug_getinfo(lua_State *L)
{
	int shift;
	lua_State *L1 = asked_thread(L, &shift);
	size_t len;
	bool given = lua_isfunction(L, shift + 1);
	const char *what = luaL_optlstring(L, shift + 2,
					   given ? "nSltuf" : "nSltu", &len);
	lua_Debug ar;

	if (!given &&
	    !lua_getstack(L1, (int)luaL_checkinteger(L, shift + 1), &ar)) {
		lua_pushnil(L);
		return 1;
	}
	luaL_argcheck(L, len <= 16 && !what[strspn(what, "nSltufL")],
		      shift + 2, "invalid option");
	if (given) {
		lua_pushvalue(L, shift + 1);
		lua_xmove(L, L1, 1);
	}
	lua_getinfo(L1, given ? ">nSltu" : "nSltu", &ar);
	push_info(L, &ar, what);
	if (given && strchr(what, 'f')) {
		lua_pushvalue(L, shift + 1);
		lua_setfield(L, -2, "func");
	}
	return 1;
}

static const luaL_Reg debug_functions[] = {
	{ "getinfo", debug_getinfo },
	{ "traceback", debug_traceback },
	{ NULL, NULL }
};

static int luaopen_debug(lua_State *L)
{
	luaL_newlib(L, debug_functions);
	return 1;
}
