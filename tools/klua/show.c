// SPDX-License-Identifier: GPL-2.0-only
/* States and events, as text for people and as JSON for programs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/genetlink.h>

#include "tool.h"

/* The attributes of a state: their names in JSON, and their types */
enum field { NUMBER, TEXT, ORIGIN, KIND, FLAG, LIMIT };

static const struct {
	u16 type;
	enum field kind;
	const char *name;
} fields[] = {
	{ KLUA_A_STATE_ID, NUMBER, "id" },
	{ KLUA_A_STATE_NAME, TEXT, "name" },
	{ KLUA_A_STATE_ORIGIN, ORIGIN, "origin" },
	{ KLUA_A_STATE_KIND, KIND, "kind" },
	{ KLUA_A_STATE_OWNER, TEXT, "owner" },
	{ KLUA_A_STATE_EPHEMERAL, FLAG, "ephemeral" },
	{ KLUA_A_STATE_RESERVED, FLAG, "reserved" },
	{ KLUA_A_STATE_STOPPED, FLAG, "stopped" },
	{ KLUA_A_STATE_REPLACED, FLAG, "replaced" },
	{ KLUA_A_STATE_DESTROYED, FLAG, "destroyed" },
	{ KLUA_A_STATE_BUSY, FLAG, "busy" },
	{ KLUA_A_STATE_USERS, NUMBER, "users" },
	{ KLUA_A_STATE_MEMBERS, NUMBER, "members" },
	{ KLUA_A_STATE_MEMORY, NUMBER, "memory" },
	{ KLUA_A_STATE_MEMORY_PEAK, NUMBER, "memory_peak" },
	{ KLUA_A_STATE_MEMORY_MAX, NUMBER, "memory_max" },
	{ KLUA_A_STATE_STEPS_MAX, LIMIT, "steps_max" },
	{ KLUA_A_STATE_TIME_MAX, LIMIT, "time_max_us" },
	{ KLUA_A_STATE_RUNS, NUMBER, "runs" },
	{ KLUA_A_STATE_STEPS, NUMBER, "steps" },
	{ KLUA_A_STATE_TIME, NUMBER, "time_ns" },
	{ KLUA_A_STATE_ERRORS, NUMBER, "errors" },
	{ KLUA_A_STATE_LIMIT_STEPS, NUMBER, "limit_steps" },
	{ KLUA_A_STATE_LIMIT_TIME, NUMBER, "limit_time" },
	{ KLUA_A_STATE_LIMIT_MEMORY, NUMBER, "limit_memory" },
	{ KLUA_A_STATE_LIMIT_STACK, NUMBER, "limit_stack" },
	{ KLUA_A_STATE_CANCELS, NUMBER, "cancels" },
	{ KLUA_A_STATE_SIGNALS, NUMBER, "signals" },
	{ KLUA_A_STATE_UNPRINTED, NUMBER, "unprinted" },
	{ KLUA_A_STATE_MAKER_PID, NUMBER, "maker_pid" },
	{ KLUA_A_STATE_MAKER_UID, NUMBER, "maker_uid" },
	{ KLUA_A_STATE_MAKER_COMM, TEXT, "maker_comm" },
	{ KLUA_A_STATE_RUNNER_PID, NUMBER, "runner_pid" },
	{ KLUA_A_STATE_RUNNER_COMM, TEXT, "runner_comm" },
	{ KLUA_A_STATE_LAST_ERROR, TEXT, "last_error" },
	{ KLUA_A_STATE_LAST_ERRNO, NUMBER, "last_errno" },
	{ KLUA_A_STATE_LAST_ERROR_AGE, NUMBER, "last_error_age_ms" },
};

#define FIELDS	(ARRAY_SIZE(fields))

static const char * const limits[] = {
	[KLUA_LIMIT_STEPS] = "steps",
	[KLUA_LIMIT_TIME] = "time",
	[KLUA_LIMIT_MEMORY] = "memory",
	[KLUA_LIMIT_STACK] = "stack",
	[KLUA_LIMIT_CANCEL] = "cancel",
	[KLUA_LIMIT_SIGNAL] = "signal",
};

/* A number of 32 or 64 bits: a later kernel may send an attribute wider. */
static u64 number(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	return mnl_attr_get_payload_len(attr) == sizeof(u64) ?
		mnl_attr_get_u64(attr) : mnl_attr_get_u32(attr);
}

/* The bytes of a string or of binary data, without a NUL at the end */
static struct bytes text(const struct nlattr *attr)
{
	struct bytes bytes = { 0 };

	if (attr) {
		bytes.data = mnl_attr_get_payload(attr);
		bytes.len = mnl_attr_get_payload_len(attr);
		if (bytes.len && !bytes.data[bytes.len - 1])
			bytes.len--;
	}
	return bytes;
}

static const char *origin(const struct nlattr *attr)
{
	return number(attr) == KLUA_ORIGIN_USER ? "user" : "kernel";
}

/* The name of a kind, or "" if there is no such kind */
const char *kind_name(u32 kind)
{
	static const char * const kinds[] = {
		[KLUA_KIND_ATOMIC] = "atomic",
		[KLUA_KIND_SLEEPABLE] = "sleepable",
		[KLUA_KIND_IRQ] = "irq",
	};

	return kind < ARRAY_SIZE(kinds) ? kinds[kind] : "";
}

static const char *limit(const struct nlattr *attr)
{
	u64 which = number(attr);

	return which < ARRAY_SIZE(limits) ? limits[which] :
							     "other";
}

/* The number of bytes before the first newline */
static size_t first_line(const struct bytes *bytes)
{
	const char *end = bytes->len ? memchr(bytes->data, '\n', bytes->len) :
				       NULL;

	return end ? (size_t)(end - bytes->data) : bytes->len;
}

/* Write a size with three digits and a unit of 1024. */
static const char *show_size(u64 bytes, char *buf, size_t size)
{
	static const char units[] = "KMGTPE";
	u64 unit = 1024;
	unsigned int i = 0;

	if (bytes < 1024) {
		snprintf(buf, size, "%" PRIu64, bytes);
		return buf;
	}
	while (units[i + 1] && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	if (bytes / unit < 100 && bytes % unit)
		snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "%c", bytes / unit,
			 bytes % unit / (unit / 1024) * 10 / 1024, units[i]);
	else
		snprintf(buf, size, "%" PRIu64 "%c", bytes / unit, units[i]);
	return buf;
}

/* Write a number of steps, which may be unlimited. */
static const char *show_count(u64 count, char *buf, size_t size)
{
	if (count == U64_MAX)
		snprintf(buf, size, "unlimited");
	else
		snprintf(buf, size, "%" PRIu64, count);
	return buf;
}

static const char *show_time(u64 ns, char *buf, size_t size)
{
	if (ns < 10000000)
		snprintf(buf, size, "%" PRIu64 ".%03" PRIu64 "ms",
			 ns / 1000000, ns / 1000 % 1000);
	else
		snprintf(buf, size, "%" PRIu64 ".%03" PRIu64 "s",
			 ns / 1000000000, ns / 1000000 % 1000);
	return buf;
}

static struct json_object *json_field(enum field kind, const struct nlattr *attr)
{
	switch (kind) {
	case FLAG:
		return json_object_new_boolean(!!attr);
	case TEXT:
		return json_bytes(text(attr));
	case ORIGIN:
		return json_object_new_string(origin(attr));
	case KIND:
		return json_object_new_string(kind_name(number(attr)));
	case LIMIT:
		if (number(attr) == U64_MAX)
			return NULL;
		break;
	case NUMBER:
		break;
	}
	return json_object_new_uint64(number(attr));
}

/* A state as a JSON object: all flags, and the other attributes that the kernel sent */
static struct json_object *json_state(const struct nlattr **attrs)
{
	struct json_object *object = json_object_new_object();
	const struct nlattr *attr;
	unsigned int i;

	for (i = 0; i < FIELDS; i++) {
		attr = attrs[fields[i].type];
		if (attr || fields[i].kind == FLAG)
			json_add(object, fields[i].name,
				 json_field(fields[i].kind, attr));
	}
	return object;
}

/* The states of a dump, kept until the dump is known to be consistent */
struct dump {
	char **states;
	size_t count;
};

static int dump_reply(const struct nlmsghdr *nlh, void *data)
{
	struct dump *dump = data;
	char *copy = allocate(NULL, nlh->nlmsg_len);

	memcpy(copy, nlh, nlh->nlmsg_len);
	if (!(dump->count & (dump->count + 1)))
		dump->states = allocate(dump->states, 2 * (dump->count + 1) *
						  sizeof(*dump->states));
	dump->states[dump->count++] = copy;
	return MNL_CB_OK;
}

static void dump_free(struct dump *dump)
{
	size_t i;

	for (i = 0; i < dump->count; i++)
		free(dump->states[i]);
	free(dump->states);
	memset(dump, 0, sizeof(*dump));
}

/* Inconsistent dumps before one of them is shown as it is */
#define ATTEMPTS	5

static int drain(struct link *link, struct dump *dump, const struct ref *state,
		 bool all)
{
	u16 flags = state ? NLM_F_ACK : NLM_F_DUMP;
	struct nlmsghdr *nlh = link_request(link, KLUA_CMD_STATE_GET, flags);

	if (state)
		link_put_ref(nlh, state);
	if (all)
		mnl_attr_put(nlh, KLUA_A_STATE_ALL, 0, NULL);
	return link_do(link, nlh, dump_reply, dump);
}

/*
 * Get all states, or the one of @state. Returns 0, 1 if states came or went meanwhile,
 * or -errno.
 */
static int get_states(struct link *link, struct dump *dump,
		      const struct ref *state, bool all)
{
	int err, i;

	memset(dump, 0, sizeof(*dump));
	for (i = 1; ; i++) {
		err = drain(link, dump, state, all);
		if (err <= 0 || i == ATTEMPTS)
			return err;
		dump_free(dump);
	}
}

static const struct {
	const char *name;
	u16 type;
} sorts[] = {
	[SORT_ID] = { "id", KLUA_A_STATE_ID },
	[SORT_NAME] = { "name", KLUA_A_STATE_NAME },
	[SORT_RUNS] = { "runs", KLUA_A_STATE_RUNS },
	[SORT_STEPS] = { "steps", KLUA_A_STATE_STEPS },
	[SORT_TIME] = { "time", KLUA_A_STATE_TIME },
	[SORT_ERRORS] = { "errors", KLUA_A_STATE_ERRORS },
	[SORT_MEMORY] = { "memory", KLUA_A_STATE_MEMORY },
};

/* Parse a key of --sort. False: there is no such key. */
int parse_sort(const char *word, enum sort *sort)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sorts); i++) {
		if (!strcmp(word, sorts[i].name)) {
			*sort = i;
			return true;
		}
	}
	return false;
}

/* The attribute that a state is sorted by */
static const struct nlattr *sort_key(const char *state, enum sort sort)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];

	link_parse((const void *)state, attrs, KLUA_A_STATE_MAX);
	return attrs[sorts[sort].type];
}

/* For qsort_r(): the largest numbers first, names and ids from the smallest on. */
static int compare(const void *left, const void *right, void *arg)
{
	const enum sort *sort = arg;
	const struct nlattr *a = sort_key(*(char **)left, *sort);
	const struct nlattr *b = sort_key(*(char **)right, *sort);

	if (*sort == SORT_NAME)
		return strcmp(mnl_attr_get_str(a), mnl_attr_get_str(b));
	if (*sort == SORT_ID)
		return number(a) < number(b) ? -1 : number(a) > number(b);
	return number(a) > number(b) ? -1 : number(a) < number(b);
}

/* Is the name selected? A pattern also selects the name that is equal to it. */
static bool name_selected(const struct selection *which, const char *name)
{
	int i;

	for (i = 0; i < which->count; i++)
		if (!strcmp(which->patterns[i], name) ||
		    !fnmatch(which->patterns[i], name, 0))
			return true;
	return !which->count;
}

static bool selected(const struct selection *which, const struct nlattr **attrs)
{
	return name_selected(which, mnl_attr_get_str(attrs[KLUA_A_STATE_NAME]));
}

/* Drop the states from a dump that are not selected. */
static void select_states(struct dump *dump, const struct selection *which)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];
	size_t i, left = 0;

	for (i = 0; i < dump->count; i++) {
		link_parse((void *)dump->states[i], attrs, KLUA_A_STATE_MAX);
		if (attrs[KLUA_A_STATE_NAME] && selected(which, attrs))
			dump->states[left++] = dump->states[i];
		else
			free(dump->states[i]);
	}
	dump->count = left;
}

/* A view of states for people: a header, and a function for each state */
struct view {
	const char *header;
	void (*row)(const struct nlattr **attrs, void *data);
	void *data;
};

static void show_rows(const struct dump *dump, const struct view *view, bool json)
{
	struct json_object *all = json ? json_object_new_array() : NULL;
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];
	size_t i;

	if (!json)
		fputs(view->header, stdout);
	for (i = 0; i < dump->count; i++) {
		link_parse((void *)dump->states[i], attrs, KLUA_A_STATE_MAX);
		if (all)
			json_object_array_add(all, json_state(attrs));
		else
			view->row(attrs, view->data);
	}
	if (all)
		json_show(all);
}

static int show_states(struct link *link, const struct selection *which,
		       const struct view *view)
{
	enum sort sort = which->sort;
	int status = EXIT_OK;
	struct dump dump;
	int err = get_states(link, &dump, which->state, which->all);

	if (err < 0) {
		dump_free(&dump);
		return complain(link, which->json, "cannot get the states",
				err);
	}
	select_states(&dump, which);
	/* States that have left the table come last in a dump; sort them in. */
	if (which->sorted || which->all)
		qsort_r(dump.states, dump.count, sizeof(*dump.states), compare,
			&sort);
	if (which->count == 1)
		set_subject(which->patterns[0], false);
	if (which->count && !dump.count)
		status = failure(which->json, EXIT_NO_STATE, ENOENT,
				 "cannot get the states",
				 "no state has a name like that");
	else
		show_rows(&dump, view, which->json);
	if (err)
		warn("states came or went meanwhile: some may be missing");
	dump_free(&dump);
	return status;
}

static void size_column(const struct nlattr *attr)
{
	char buf[32];

	printf(" %7s", show_size(number(attr), buf, sizeof(buf)));
}

static void name_column(const struct nlattr *attr)
{
	putchar(' ');
	show_name(stdout, text(attr));
	putchar('\n');
}

/* Show a program and its process, as in a log. */
static void show_process(FILE *to, const struct nlattr *comm,
			 const struct nlattr *pid)
{
	show_name(to, text(comm));
	fprintf(to, "[%" PRIu64 "]", number(pid));
}

/* Show the module that made the state, or the user's program that did. */
static void maker_cell(FILE *to, const struct nlattr **attrs)
{
	if (attrs[KLUA_A_STATE_OWNER])
		show_name(to, text(attrs[KLUA_A_STATE_OWNER]));
	else if (attrs[KLUA_A_STATE_MAKER_PID])
		show_process(to, attrs[KLUA_A_STATE_MAKER_COMM],
			     attrs[KLUA_A_STATE_MAKER_PID]);
	else
		fputc('-', to);
}

static void user_cell(FILE *to, const struct nlattr **attrs)
{
	if (attrs[KLUA_A_STATE_MAKER_UID])
		fprintf(to, "%" PRIu64, number(attrs[KLUA_A_STATE_MAKER_UID]));
	else
		fputc('-', to);
}

static void kind_cell(FILE *to, const struct nlattr **attrs)
{
	fputs(attrs[KLUA_A_STATE_REPLACED] ? "replaced" :
	      attrs[KLUA_A_STATE_DESTROYED] ? "destroyed" :
	      attrs[KLUA_A_STATE_STOPPED] ? "stopped" :
	      kind_name(number(attrs[KLUA_A_STATE_KIND])), to);
}

/* Show the task inside the state, which is known for sleepable states only. */
static void inside_cell(FILE *to, const struct nlattr **attrs)
{
	if (attrs[KLUA_A_STATE_RUNNER_PID])
		show_process(to, attrs[KLUA_A_STATE_RUNNER_COMM],
			     attrs[KLUA_A_STATE_RUNNER_PID]);
	else
		fputs(attrs[KLUA_A_STATE_BUSY] ? "busy" : "-", to);
}

static void name_cell(FILE *to, const struct nlattr **attrs)
{
	show_name(to, text(attrs[KLUA_A_STATE_NAME]));
}

enum align { LEFT, RIGHT };

/*
 * The columns of klua list. @show writes a cell; if it is NULL the cell is the
 * attribute @type, as a number or as a size in bytes. The name comes last, since it may
 * be long.
 */
static const struct {
	const char *head;
	enum align align;
	void (*show)(FILE *to, const struct nlattr **attrs);
	u16 type;
	bool size;
} columns[] = {
	{ "ID", RIGHT, NULL, KLUA_A_STATE_ID, false },
	{ "MADE BY", LEFT, maker_cell, 0, false },
	{ "UID", RIGHT, user_cell, 0, false },
	{ "KIND", LEFT, kind_cell, 0, false },
	{ "USERS", RIGHT, NULL, KLUA_A_STATE_USERS, false },
	{ "INSIDE", LEFT, inside_cell, 0, false },
	{ "MEMORY", RIGHT, NULL, KLUA_A_STATE_MEMORY, true },
	{ "MAX", RIGHT, NULL, KLUA_A_STATE_MEMORY_MAX, true },
	{ "RUNS", RIGHT, NULL, KLUA_A_STATE_RUNS, false },
	{ "ERRORS", RIGHT, NULL, KLUA_A_STATE_ERRORS, false },
	{ "NAME", LEFT, name_cell, 0, false },
};

#define COLUMNS	(ARRAY_SIZE(columns))

/* Write the cells of a state into the table, with a NUL behind each. */
static void add_row(const struct nlattr **attrs, void *table)
{
	const struct nlattr *attr;
	char buf[32];
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		attr = attrs[columns[i].type];
		if (columns[i].show)
			columns[i].show(table, attrs);
		else if (columns[i].size)
			fputs(show_size(number(attr), buf, sizeof(buf)), table);
		else
			fprintf(table, "%" PRIu64, number(attr));
		fputc('\0', table);
	}
}

/* The number of characters, which have up to four bytes in UTF-8 */
static int places(const char *cell)
{
	int n = 0;

	for (; *cell; cell++)
		n += ((unsigned char)*cell & 0xc0) != 0x80;
	return n;
}

static void show_cell(const char *cell, size_t column, int width)
{
	int pad = width - places(cell);

	if (column == COLUMNS - 1)
		printf("%s\n", cell);
	else if (columns[column].align == RIGHT)
		printf("%*s%s ", pad, "", cell);
	else
		printf("%s%*s ", cell, pad, "");
}

/* Show the table; each column is as wide as its widest cell. */
static void show_table(const char *cells, size_t len)
{
	int widths[COLUMNS] = { 0 };
	const char *cell;
	size_t i;

	for (i = 0, cell = cells; cell < cells + len; i++) {
		if (places(cell) > widths[i % COLUMNS])
			widths[i % COLUMNS] = places(cell);
		cell += strlen(cell) + 1;
	}
	for (i = 0, cell = cells; cell < cells + len; i++) {
		show_cell(cell, i % COLUMNS, widths[i % COLUMNS]);
		cell += strlen(cell) + 1;
	}
}

int show_list(struct link *link, const struct selection *which)
{
	char *cells = NULL;
	size_t i, len = 0;
	FILE *table = open_memstream(&cells, &len);
	struct view view = { "", add_row, table };
	int status;

	if (!table)
		fail(EXIT_REFUSED, "%s", strerror(ENOMEM));
	for (i = 0; i < COLUMNS; i++)
		fprintf(table, "%s%c", columns[i].head, '\0');
	status = show_states(link, which, &view);
	if (fclose(table))
		fail(EXIT_REFUSED, "%s", strerror(ENOMEM));
	if (!status && !which->json)
		show_table(cells, len);
	free(cells);
	return status;
}

static void stats_row(const struct nlattr **attrs, void *data)
{
	static const u16 counts[] = {
		KLUA_A_STATE_ERRORS, KLUA_A_STATE_LIMIT_STEPS,
		KLUA_A_STATE_LIMIT_TIME, KLUA_A_STATE_LIMIT_MEMORY,
		KLUA_A_STATE_LIMIT_STACK, KLUA_A_STATE_CANCELS,
		KLUA_A_STATE_SIGNALS,
	};
	char buf[32];
	unsigned int i;

	printf("%5" PRIu64 " %8" PRIu64 " %11" PRIu64 " %9s",
	       number(attrs[KLUA_A_STATE_ID]),
	       number(attrs[KLUA_A_STATE_RUNS]),
	       number(attrs[KLUA_A_STATE_STEPS]),
	       attrs[KLUA_A_STATE_TIME] && number(attrs[KLUA_A_STATE_TIME]) ?
	       show_time(number(attrs[KLUA_A_STATE_TIME]), buf, sizeof(buf)) :
	       "-");
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		printf(" %6" PRIu64, number(attrs[counts[i]]));
	size_column(attrs[KLUA_A_STATE_MEMORY]);
	size_column(attrs[KLUA_A_STATE_MEMORY_PEAK]);
	name_column(attrs[KLUA_A_STATE_NAME]);
}

/* Clear the screen only once there are figures, or an error would be cleared away. */
int show_stats(struct link *link, const struct selection *which, bool clear)
{
	char header[256];
	struct view view = { header, stats_row, NULL };

	snprintf(header, sizeof(header), "%s%44s| limits hit%15s|\n%s%s\n",
		 clear ? "\033[H\033[2J" : "", "", "",
		 "   ID     RUNS       STEPS      TIME ERRORS  STEPS   TIME",
		 "    MEM  STACK CANCEL SIGNAL  MEMORY    PEAK NAME");
	return show_states(link, which, &view);
}

static void show_error(const struct nlattr **attrs)
{
	struct bytes error = text(attrs[KLUA_A_STATE_LAST_ERROR]);
	const char *name;
	size_t line;

	if (!error.data) {
		puts("last error     none");
		return;
	}
	name = strerrorname_np(number(attrs[KLUA_A_STATE_LAST_ERRNO]));
	printf("last error     %" PRIu64 " s ago, errno %" PRIu64 " (%s)\n",
	       number(attrs[KLUA_A_STATE_LAST_ERROR_AGE]) / 1000,
	       number(attrs[KLUA_A_STATE_LAST_ERRNO]), name ?: "unknown");
	/* An error with a traceback has more than one line. */
	while (error.len) {
		line = first_line(&error);
		fputs("               ", stdout);
		show_text(stdout, (struct bytes){ error.data, line });
		putchar('\n');
		line += line < error.len;
		error.data += line;
		error.len -= line;
	}
}

static void show_maker(const struct nlattr **attrs)
{
	if (attrs[KLUA_A_STATE_OWNER]) {
		fputs("made by        module ", stdout);
		show_name(stdout, text(attrs[KLUA_A_STATE_OWNER]));
		putchar('\n');
	}
	if (!attrs[KLUA_A_STATE_MAKER_PID])
		return;
	fputs("made by        ", stdout);
	show_name(stdout, text(attrs[KLUA_A_STATE_MAKER_COMM]));
	printf(", pid %" PRIu64 ", uid %" PRIu64 "\n",
	       number(attrs[KLUA_A_STATE_MAKER_PID]),
	       number(attrs[KLUA_A_STATE_MAKER_UID]));
}

static void show_runner(const struct nlattr **attrs)
{
	if (!attrs[KLUA_A_STATE_RUNNER_PID])
		return;
	fputs("inside         ", stdout);
	show_name(stdout, text(attrs[KLUA_A_STATE_RUNNER_COMM]));
	printf(", pid %" PRIu64 "\n",
	       number(attrs[KLUA_A_STATE_RUNNER_PID]));
}

static void show_one(const struct nlattr **attrs)
{
	static const struct {
		u16 type;
		const char *name;
	} counts[] = {
		{ KLUA_A_STATE_RUNS, "runs" },
		{ KLUA_A_STATE_STEPS, "steps" },
		{ KLUA_A_STATE_ERRORS, "errors" },
		{ KLUA_A_STATE_LIMIT_STEPS, "out of steps" },
		{ KLUA_A_STATE_LIMIT_TIME, "out of time" },
		{ KLUA_A_STATE_LIMIT_MEMORY, "out of memory" },
		{ KLUA_A_STATE_LIMIT_STACK, "out of stack" },
		{ KLUA_A_STATE_CANCELS, "cancelled" },
		{ KLUA_A_STATE_SIGNALS, "interrupted" },
	};
	char a[32], b[32], c[32];
	unsigned int i;

	fputs("name           ", stdout);
	show_name(stdout, text(attrs[KLUA_A_STATE_NAME]));
	printf("\nid             %" PRIu64 "\norigin         %s%s\n",
	       number(attrs[KLUA_A_STATE_ID]),
	       origin(attrs[KLUA_A_STATE_ORIGIN]),
	       attrs[KLUA_A_STATE_EPHEMERAL] ? ", ephemeral" : "");
	printf("kind           %s%s%s%s%s\nusers          %" PRIu64 "%s\n",
	       kind_name(number(attrs[KLUA_A_STATE_KIND])),
	       attrs[KLUA_A_STATE_RESERVED] ? ", memory reserved" : "",
	       attrs[KLUA_A_STATE_STOPPED] ? ", stopped" : "",
	       attrs[KLUA_A_STATE_REPLACED] ? ", replaced" : "",
	       attrs[KLUA_A_STATE_DESTROYED] ? ", destroyed" : "",
	       number(attrs[KLUA_A_STATE_USERS]),
	       attrs[KLUA_A_STATE_BUSY] ? ", busy" : "");
	if (attrs[KLUA_A_STATE_MEMBERS])
		printf("members        %" PRIu64
		       ", one for each processor; memory is that of all\n",
		       number(attrs[KLUA_A_STATE_MEMBERS]));
	show_runner(attrs);
	show_maker(attrs);
	printf("memory         %s of %s, at most %s so far\n",
	       show_size(number(attrs[KLUA_A_STATE_MEMORY]), a, sizeof(a)),
	       show_size(number(attrs[KLUA_A_STATE_MEMORY_MAX]), b, sizeof(b)),
	       show_size(number(attrs[KLUA_A_STATE_MEMORY_PEAK]), c,
			 sizeof(c)));
	printf("steps a run    %s\n",
	       show_count(number(attrs[KLUA_A_STATE_STEPS_MAX]), a, sizeof(a)));
	if (number(attrs[KLUA_A_STATE_TIME_MAX]) == U64_MAX)
		puts("time a run     unlimited");
	else
		printf("time a run     %s\n",
		       show_time(number(attrs[KLUA_A_STATE_TIME_MAX]) * 1000,
				 a, sizeof(a)));
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		printf("%-15s%" PRIu64 "\n", counts[i].name,
		       number(attrs[counts[i].type]));
	if (number(attrs[KLUA_A_STATE_TIME]))
		printf("time           %s\n",
		       show_time(number(attrs[KLUA_A_STATE_TIME]), a,
				 sizeof(a)));
	show_error(attrs);
}

int show_state(struct link *link, const struct ref *state, bool json)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];
	struct dump dump;
	int err = get_states(link, &dump, state, false);

	if (err || !dump.count) {
		dump_free(&dump);
		return complain(link, json, "cannot get the state",
				err ?: -ENOENT);
	}
	link_parse((void *)dump.states[0], attrs, KLUA_A_STATE_MAX);
	if (json)
		json_show(json_state(attrs));
	else
		show_one(attrs);
	dump_free(&dump);
	return EXIT_OK;
}

/* A state that was just made, as JSON; or -errno, and nothing is shown. */
int show_made(struct link *link, u32 id)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];
	struct ref state = { .name = NULL, .id = id };
	struct dump dump;
	int err = get_states(link, &dump, &state, false);

	if (!err && !dump.count)
		err = -ENOENT;
	if (!err) {
		link_parse((void *)dump.states[0], attrs, KLUA_A_STATE_MAX);
		json_show(json_state(attrs));
	}
	dump_free(&dump);
	return err;
}

/* Show the answer to a create: the state's number, or all of it as JSON. */
int show_created(const struct nlmsghdr *nlh, void *json)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];

	link_parse(nlh, attrs, KLUA_A_STATE_MAX);
	if (*(bool *)json)
		json_show(json_state(attrs));
	return MNL_CB_OK;
}

/* @used is the attribute that has the used part, or 0. */
static const struct {
	u16 type;
	bool size;
	const char *name;
	const char *key;
	u16 used;
	const char *used_key;
} facts[] = {
	{ KLUA_A_INFO_MEMORY_MIN, true, "least memory of a state",
	  "memory_min", 0, NULL },
	{ KLUA_A_INFO_MEMORY_DEFAULT, true, "usual memory of a state",
	  "memory_default", 0, NULL },
	{ KLUA_A_INFO_STEPS_DEFAULT, false, "usual steps of a run",
	  "steps_default", 0, NULL },
	{ KLUA_A_INFO_TIME_DEFAULT, false, "usual microseconds of a run",
	  "time_default_us", 0, NULL },
	{ KLUA_A_INFO_SCRIPT_MAX, true, "largest script", "script_max", 0, NULL },
	{ KLUA_A_INFO_RESULTS_MAX, true, "largest results", "results_max", 0,
	  NULL },
	{ KLUA_A_INFO_USER_STATES_MAX, false, "states from user space",
	  "user_states_max", KLUA_A_INFO_USER_STATES, "user_states" },
	{ KLUA_A_INFO_USER_BYTES_MAX, true, "memory of these together",
	  "user_bytes_max", KLUA_A_INFO_USER_BYTES, "user_bytes" },
};

#define FACTS	(ARRAY_SIZE(facts))

static void json_info(const struct nlattr **attrs)
{
	struct json_object *object = json_object_new_object();
	unsigned int i;

	json_add(object, "version",
		 json_bytes(text(attrs[KLUA_A_INFO_VERSION])));
	json_add(object, "lua", json_bytes(text(attrs[KLUA_A_INFO_LUA])));
	for (i = 0; i < FACTS; i++) {
		json_add(object, facts[i].key,
			 json_object_new_uint64(number(attrs[facts[i].type])));
		if (facts[i].used)
			json_add(object, facts[i].used_key,
				 json_object_new_uint64(number(attrs[facts[i].used])));
	}
	json_add(object, "time_statistics",
		 json_object_new_boolean(!!attrs[KLUA_A_INFO_TIME_STATISTICS]));
	json_show(object);
}

static const char *show_fact(u64 value, bool size, char *buf, size_t len)
{
	return size ? show_size(value, buf, len) : show_count(value, buf, len);
}

/* Write a figure with its used part, as "3 of 256", or alone, as "256". */
static const char *show_used(const struct nlattr **attrs, unsigned int i,
			     char *buf, size_t size)
{
	char most[32], used[32];

	show_fact(number(attrs[facts[i].type]), facts[i].size, most, sizeof(most));
	show_fact(number(attrs[facts[i].used]), facts[i].size, used, sizeof(used));
	if (facts[i].used && attrs[facts[i].used])
		snprintf(buf, size, "%s of %s", used, most);
	else
		snprintf(buf, size, "%s", most);
	return buf;
}

static int info_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[KLUA_A_INFO_MAX + 1];
	const bool *json = data;
	char buf[80];
	unsigned int i;

	link_parse(nlh, attrs, KLUA_A_INFO_MAX);
	if (*json) {
		json_info(attrs);
		return MNL_CB_OK;
	}
	printf("module                       klua %.*s\n",
	       (int)text(attrs[KLUA_A_INFO_VERSION]).len,
	       text(attrs[KLUA_A_INFO_VERSION]).data);
	printf("language                     %.*s\n",
	       (int)text(attrs[KLUA_A_INFO_LUA]).len,
	       text(attrs[KLUA_A_INFO_LUA]).data);
	for (i = 0; i < FACTS; i++)
		printf("%-28s %s\n", facts[i].name,
		       show_used(attrs, i, buf, sizeof(buf)));
	printf("time statistics              %s\n",
	       attrs[KLUA_A_INFO_TIME_STATISTICS] ? "on" : "off");
	return MNL_CB_OK;
}

int show_info(struct link *link, bool json)
{
	struct nlmsghdr *nlh = link_request(link, KLUA_CMD_INFO_GET, NLM_F_ACK);
	int err = link_do(link, nlh, info_reply, &json);

	return err ? complain(link, json, "cannot get the figures", err) : EXIT_OK;
}

/* The kernel's text about a quota, and the same with figures */
struct refusal {
	const char *why;
	char text[512];
};

static int quota_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[KLUA_A_INFO_MAX + 1];
	struct refusal *refusal = data;
	char buf[80];
	unsigned int i;

	link_parse(nlh, attrs, KLUA_A_INFO_MAX);
	for (i = 0; i < FACTS; i++)
		if (facts[i].used && strstr(refusal->why, facts[i].key))
			snprintf(refusal->text, sizeof(refusal->text),
				 "%s (%s used)", refusal->why,
				 show_used(attrs, i, buf, sizeof(buf)));
	return MNL_CB_OK;
}

/* The kernel's text for a quota that is used up, with figures */
const char *quota_words(struct link *link, const char *why)
{
	static struct refusal refusal;
	char *copy = strdup(why);	/* a later request overwrites the link's text */

	refusal.why = copy ?: "";
	snprintf(refusal.text, sizeof(refusal.text), "%s", refusal.why);
	link_do(link, link_request(link, KLUA_CMD_INFO_GET, NLM_F_ACK),
		quota_reply, &refusal);
	free(copy);
	return refusal.text;
}

static const struct {
	u8 cmd;
	const char *name;
} events[] = {
	{ KLUA_CMD_STATE_CREATED, "created" },
	{ KLUA_CMD_STATE_DESTROYED, "destroyed" },
	{ KLUA_CMD_SCRIPT_ERROR, "error" },
	{ KLUA_CMD_LIMIT_HIT, "limit" },
	{ KLUA_CMD_STATE_STOPPED, "stopped" },
	{ KLUA_CMD_STATE_STARTED, "started" },
};

#define EVENTS	(ARRAY_SIZE(events))

/* The index of an event in the table, or the table's size */
static unsigned int event_kind(u8 cmd)
{
	unsigned int i;

	for (i = 0; i < EVENTS && events[i].cmd != cmd; i++)
		;
	return i;
}

static const char *event_name(u8 cmd)
{
	unsigned int kind = event_kind(cmd);

	return kind < EVENTS ? events[kind].name : "other";
}

/* Add a kind of event to a set of kinds. False: there is no such kind. */
bool parse_event_kind(const char *word, u32 *kinds)
{
	unsigned int i;

	for (i = 0; i < EVENTS; i++) {
		if (!strcmp(word, events[i].name)) {
			*kinds |= 1u << i;
			return true;
		}
	}
	return false;
}

/*
 * An event about a state (KLUA_A_STATE_*), or about an error or a limit
 * (KLUA_A_EVENT_*); fields that it does not have are 0
 */
struct event {
	u8 cmd;
	u64 id;
	struct bytes name;
	const char *origin;
	const char *limit;
	struct bytes message;
	u64 err;
	u64 suppressed;
};

static void parse_event(const struct nlmsghdr *nlh, struct event *event)
{
	const struct nlattr *state[KLUA_A_STATE_MAX + 1];
	const struct nlattr *attrs[KLUA_A_EVENT_MAX + 1];
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	memset(event, 0, sizeof(*event));
	event->cmd = genl->cmd;
	if (genl->cmd != KLUA_CMD_SCRIPT_ERROR &&
	    genl->cmd != KLUA_CMD_LIMIT_HIT) {
		link_parse(nlh, state, KLUA_A_STATE_MAX);
		event->id = number(state[KLUA_A_STATE_ID]);
		event->name = text(state[KLUA_A_STATE_NAME]);
		event->origin = origin(state[KLUA_A_STATE_ORIGIN]);
		return;
	}
	link_parse(nlh, attrs, KLUA_A_EVENT_MAX);
	event->id = number(attrs[KLUA_A_EVENT_ID]);
	event->name = text(attrs[KLUA_A_EVENT_NAME]);
	event->message = text(attrs[KLUA_A_EVENT_MESSAGE]);
	event->err = number(attrs[KLUA_A_EVENT_ERRNO]);
	event->suppressed = number(attrs[KLUA_A_EVENT_SUPPRESSED]);
	if (attrs[KLUA_A_EVENT_LIMIT])
		event->limit = limit(attrs[KLUA_A_EVENT_LIMIT]);
}

static void json_event(const struct event *event, const char *when)
{
	struct json_object *object = json_object_new_object();

	json_add(object, "time", json_object_new_string(when));
	json_add(object, "event",
		 json_object_new_string(event_name(event->cmd)));
	json_add(object, "id", json_object_new_uint64(event->id));
	json_add(object, "name", json_bytes(event->name));
	if (event->origin)
		json_add(object, "origin",
			 json_object_new_string(event->origin));
	if (event->limit)
		json_add(object, "limit", json_object_new_string(event->limit));
	if (event->message.data) {
		json_add(object, "errno", json_object_new_uint64(event->err));
		json_add(object, "message", json_bytes(event->message));
	}
	if (event->suppressed)
		json_add(object, "suppressed",
			 json_object_new_uint64(event->suppressed));
	json_show(object);
}

static void print_event(const struct event *event, const char *when)
{
	struct bytes message = event->message;

	printf("%s %-9s %5" PRIu64 " ", when, event_name(event->cmd),
	       event->id);
	show_name(stdout, event->name);
	if (event->origin)
		printf(" (%s)", event->origin);
	if (event->limit)
		printf(": %s", event->limit);
	if (event->message.data) {
		message.len = first_line(&message);
		fputs(": ", stdout);
		show_text(stdout, message);
	}
	if (event->suppressed)
		printf(" (%" PRIu64 " events left out before)",
		       event->suppressed);
	putchar('\n');
}

/* Is the event selected? */
static bool wanted(const struct selection *which, const struct event *event)
{
	char name[KLUA_NAME_LEN + 1];

	if (which->events && !(which->events >> event_kind(event->cmd) & 1))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)event->name.len,
		 event->name.len ? event->name.data : "");
	return name_selected(which, name);
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	const struct selection *which = data;
	struct event event;
	time_t now = time(NULL);
	char when[32];

	parse_event(nlh, &event);
	if (!wanted(which, &event))
		return MNL_CB_OK;
	strftime(when, sizeof(when), which->json ? "%FT%T%z" : "%T",
		 localtime(&now));
	if (which->json)
		json_event(&event, when);
	else
		print_event(&event, when);
	check_output();
	return MNL_CB_OK;
}

/* Show events until the module is unloaded, or for ever. */
int monitor(struct link *link, const struct selection *which)
{
	int err = link_join(link, on_event, (void *)which);
	bool json = which->json;

	while (!err || err == -ENOBUFS) {
		if (err)
			warn("events came too fast, some are lost");
		err = link_listen(link);
	}
	if (err == -ENODEV)
		return failure(json, EXIT_NO_MODULE, -err, "no more events",
			       "the module klua was unloaded");
	return complain(link, json, "cannot listen to events", err);
}

void pause_for(double seconds)
{
	struct timespec pause = {
		.tv_sec = seconds,
		.tv_nsec = (seconds - (long)seconds) * 1e9,
	};

	nanosleep(&pause, NULL);
}

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* What one state did between two dumps, per second */
struct rate {
	u64 id;
	bool timed;		/* the kernel measures that: */
	double time;		/* of a processor, in percent */
	double runs;
	double steps;
	double errors;
	u64 memory;
	const struct nlattr *all[KLUA_A_STATE_MAX + 1];
};

static double rate_of(const struct rate *rate, enum sort sort)
{
	switch (sort) {
	case SORT_NAME:
	case SORT_ID:
		return 0;
	case SORT_RUNS:
		return rate->runs;
	case SORT_STEPS:
		return rate->steps;
	case SORT_ERRORS:
		return rate->errors;
	case SORT_MEMORY:
		return rate->memory;
	default:
		return rate->time;
	}
}

static int compare_names(const struct rate *a, const struct rate *b)
{
	return strcmp(mnl_attr_get_str(a->all[KLUA_A_STATE_NAME]),
		      mnl_attr_get_str(b->all[KLUA_A_STATE_NAME]));
}

static int compare_rates(const void *left, const void *right, void *arg)
{
	const struct rate *a = left, *b = right;
	enum sort sort = *(enum sort *)arg;
	double x = rate_of(a, sort);
	double y = rate_of(b, sort);
	int order = sort == SORT_NAME ? compare_names(a, b) : 0;

	if (order)
		return order;
	if (x != y)
		return x > y ? -1 : 1;
	/*
	 * Time is equal where it is not measured, and among idle states: compare steps.
	 */
	if (sort != SORT_ID && a->steps != b->steps)
		return a->steps > b->steps ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Find a state in the dump before, or NULL. Dumps are in the order of numbers. */
static const char *find_state(const struct dump *dump, u64 id)
{
	size_t low = 0, high = dump->count, middle;
	u64 at;

	while (low < high) {
		middle = (low + high) / 2;
		at = number(sort_key(dump->states[middle], SORT_ID));
		if (at == id)
			return dump->states[middle];
		if (at < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What is counted may be less than before, as when a state of a set has gone. */
static double increase(const struct nlattr *is, const struct nlattr *was)
{
	return number(is) > number(was) ? number(is) - number(was) : 0;
}

static void make_rate(struct rate *rate, const struct dump *before,
		      double seconds)
{
	const struct nlattr *old[KLUA_A_STATE_MAX + 1] = { NULL };
	const struct nlattr **attrs = rate->all;
	const char *was;

	rate->id = number(attrs[KLUA_A_STATE_ID]);
	was = find_state(before, rate->id);
	if (was)
		link_parse((const void *)was, old, KLUA_A_STATE_MAX);
#define RATE(type)	(increase(attrs[type], old[type]) / seconds)
	rate->time = RATE(KLUA_A_STATE_TIME) / 1e7;
	rate->runs = RATE(KLUA_A_STATE_RUNS);
	rate->steps = RATE(KLUA_A_STATE_STEPS);
	rate->errors = RATE(KLUA_A_STATE_ERRORS);
#undef RATE
	rate->memory = number(attrs[KLUA_A_STATE_MEMORY]);
}

static void show_rate(const struct rate *rate)
{
	if (rate->timed)
		printf("%5" PRIu64 " %6.1f", rate->id, rate->time);
	else
		printf("%5" PRIu64 " %6s", rate->id, "-");
	printf(" %10.0f %12.0f %8.0f", rate->runs, rate->steps, rate->errors);
	size_column(rate->all[KLUA_A_STATE_MEMORY]);
	name_column(rate->all[KLUA_A_STATE_NAME]);
}

static void json_rate(struct json_object *all, const struct rate *rate)
{
	struct json_object *object = json_object_new_object();

	json_add(object, "id", json_object_new_uint64(rate->id));
	json_add(object, "name",
		 json_bytes(text(rate->all[KLUA_A_STATE_NAME])));
	json_add(object, "time_percent",
		 rate->timed ? json_object_new_double(rate->time) : NULL);
	json_add(object, "runs_per_second",
		 json_object_new_double(rate->runs));
	json_add(object, "steps_per_second",
		 json_object_new_double(rate->steps));
	json_add(object, "errors_per_second",
		 json_object_new_double(rate->errors));
	json_add(object, "memory", json_object_new_uint64(rate->memory));
	json_object_array_add(all, object);
}

/* The lines to show: those of the terminal without @others, or any number */
static size_t lines_of(bool clear, size_t others)
{
	const char *lines = getenv("LINES");
	size_t most = lines && atoi(lines) > 0 ? atoi(lines) : 24;
	struct winsize size;

	if (!clear)
		return SIZE_MAX;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row)
		most = size.ws_row;
	return most > others ? most - others : 1;
}

#define NOT_TIMED \
	"time is not measured: echo 1 >/sys/module/klua/parameters/stats"

/* Of the lines of a screen the header, a hint, how many more there are, and the cursor's */
static void show_rates(const struct rate *rates, size_t count, bool timed)
{
	bool clear = isatty(STDOUT_FILENO);
	size_t i, most = lines_of(clear, timed ? 2 : 3);

	if (count > most)
		most -= most > 1;
	if (clear)
		fputs("\033[H\033[2J", stdout);
	if (clear && !timed)
		puts(NOT_TIMED);
	puts("   ID  %TIME     RUNS/S      STEPS/S ERRORS/S  MEMORY NAME");
	for (i = 0; i < count && i < most; i++)
		show_rate(&rates[i]);
	if (i < count)
		printf("and %zu more\n", count - i);
}

static void json_rates(const struct rate *rates, size_t count)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_rate(all, &rates[i]);
	json_show(all);
}

/* Two looks, and the seconds between them. */
struct looks {
	struct dump before, now;
	bool timed;
	double seconds;
};

static void rate_states(const struct looks *looks, const struct selection *which)
{
	const struct dump *dump = &looks->now;
	struct rate *rates = allocate(NULL, (dump->count + 1) * sizeof(*rates));
	enum sort sort = which->sort;
	size_t i, count = 0;

	for (i = 0; i < dump->count; i++) {
		link_parse((void *)dump->states[i], rates[count].all,
			   KLUA_A_STATE_MAX);
		if (!selected(which, rates[count].all))
			continue;
		make_rate(&rates[count], &looks->before, looks->seconds);
		rates[count].timed = looks->timed;
		count++;
	}
	qsort_r(rates, count, sizeof(*rates), compare_rates, &sort);
	if (which->json)
		json_rates(rates, count);
	else
		show_rates(rates, count, looks->timed);
	free(rates);
	check_output();
}

static int timed_reply(const struct nlmsghdr *nlh, void *timed)
{
	const struct nlattr *attrs[KLUA_A_INFO_MAX + 1];

	link_parse(nlh, attrs, KLUA_A_INFO_MAX);
	*(bool *)timed = attrs[KLUA_A_INFO_TIME_STATISTICS];
	return MNL_CB_OK;
}

static int look(struct link *link, struct looks *looks)
{
	int err = get_states(link, &looks->now, NULL, false);

	if (err < 0)
		return err;
	return link_do(link, link_request(link, KLUA_CMD_INFO_GET, NLM_F_ACK),
		       timed_reply, &looks->timed);
}

/* Show again and again what each state did since the last look. */
int top(struct link *link, const struct selection *which, double interval,
	u64 count)
{
	struct looks looks = { .timed = false };
	double then, seconds;
	int err = look(link, &looks);

	then = now();
	if (!err && !looks.timed && !which->json && !isatty(STDOUT_FILENO))
		warn("%s", NOT_TIMED);
	while (!err && count) {
		dump_free(&looks.before);
		looks.before = looks.now;
		pause_for(interval);
		err = look(link, &looks);
		if (err)
			break;
		seconds = now() - then;
		then += seconds;
		looks.seconds = seconds;
		rate_states(&looks, which);
		count -= count != U64_MAX;
	}
	if (err < 0)
		return complain(link, which->json, "cannot get the states",
				err);
	return EXIT_OK;
}

/* Was the state replaced or destroyed, and is it still in use? */
static bool has_left(const struct nlattr **attrs)
{
	return attrs[KLUA_A_STATE_REPLACED] || attrs[KLUA_A_STATE_DESTROYED];
}

/*
 * Is the awaited condition true? Returns 1, 0 or -errno, and sets *@there if there is
 * the state.
 */
static int waited(struct link *link, const struct ref *state, bool gone,
		  bool idle, bool *there)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];
	struct dump dump;
	int err = get_states(link, &dump, state, false);

	if (!err) {
		link_parse((void *)dump.states[0], attrs, KLUA_A_STATE_MAX);
		if (has_left(attrs))
			err = -ENOENT;
	}
	*there = !err;
	/* If the module was unloaded, its states are gone. */
	if (err == -ENOENT || (gone && err == -ENODEV)) {
		dump_free(&dump);
		return gone;
	}
	if (!err && idle)
		idle = attrs[KLUA_A_STATE_BUSY];
	dump_free(&dump);
	return err ?: !gone && !idle;
}

#define LOOK_AGAIN	0.05	/* seconds */

/* Wait until the state exists, or is gone, or is idle. */
int wait_for(struct link *link, const struct ref *state, bool gone, bool idle,
	     double timeout, bool json)
{
	double until = now() + timeout;
	bool there;
	int ret;

	for (;;) {
		ret = waited(link, state, gone, idle, &there);
		if (ret)
			break;
		if (now() >= until)
			return failure(json, EXIT_REFUSED, ETIMEDOUT,
				       "waited in vain",
				       gone ? "the state is still there" :
				       there ? "the state is busy" :
				       "there is no such state");
		pause_for(LOOK_AGAIN);
	}
	if (ret < 0)
		return complain(link, json, "cannot get the state", ret);
	return nothing_to_say(json);
}
