// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people read, and the same as JSON for programs.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/genetlink.h>

#include "tool.h"

/* How an attribute of a state is called in JSON, and what it is. */
enum kind { NUMBER, TEXT, ORIGIN, FLAG, STEPS };

static const struct {
	u16 type;
	enum kind kind;
	const char *name;
} fields[] = {
	{ KLUA_A_STATE_ID, NUMBER, "id" },
	{ KLUA_A_STATE_NAME, TEXT, "name" },
	{ KLUA_A_STATE_ORIGIN, ORIGIN, "origin" },
	{ KLUA_A_STATE_EPHEMERAL, FLAG, "ephemeral" },
	{ KLUA_A_STATE_BUSY, FLAG, "busy" },
	{ KLUA_A_STATE_USERS, NUMBER, "users" },
	{ KLUA_A_STATE_MEMORY, NUMBER, "memory" },
	{ KLUA_A_STATE_MEMORY_PEAK, NUMBER, "memory_peak" },
	{ KLUA_A_STATE_MEMORY_MAX, NUMBER, "memory_max" },
	{ KLUA_A_STATE_STEPS_MAX, STEPS, "steps_max" },
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

/* Either width: what the kernel counts may grow. */
static u64 number(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	return mnl_attr_get_payload_len(attr) == sizeof(u64) ?
		mnl_attr_get_u64(attr) : mnl_attr_get_u32(attr);
}

/* Bytes of a string or of binary data, without a NUL at the end. */
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

static const char *limit(const struct nlattr *attr)
{
	u64 which = number(attr);

	return which < ARRAY_SIZE(limits) ? limits[which] :
							     "other";
}

/* Names and messages come from others: no control byte reaches the terminal. */
void show_bytes(const char *data, size_t len)
{
	for (; len; data++, len--)
		if (iscntrl((unsigned char)*data) || *data == '\\')
			printf("\\%03o", (unsigned char)*data);
		else
			putchar(*data);
}

/* Bytes of the UTF-8 sequence at @p, or 0 when there is none. */
static size_t sequence(const unsigned char *p, size_t len)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
		   p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	size_t i;

	if (n > len)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Too long for their value, surrogates, beyond Unicode. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* Bytes that are not UTF-8 become U+FFFD: JSON cannot have them. */
void json_string(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data;
	size_t n;

	putchar('"');
	for (; len; p += n, len -= n) {
		n = sequence(p, len);
		if (!n) {
			fputs("\\ufffd", stdout);
			n = 1;
		} else if (*p == '"' || *p == '\\') {
			printf("\\%c", *p);
		} else if (*p < 0x20 || *p == 0x7f) {
			printf("\\u%04x", *p);
		} else {
			fwrite(p, 1, n, stdout);
		}
	}
	putchar('"');
}

static void json_text(const struct nlattr *attr)
{
	struct bytes bytes = text(attr);

	json_string(bytes.data, bytes.len);
}

/* Bytes up to the end of the first line. */
static size_t first_line(const struct bytes *bytes)
{
	const char *end = bytes->len ? memchr(bytes->data, '\n', bytes->len) :
				       NULL;

	return end ? (size_t)(end - bytes->data) : bytes->len;
}

/* Three digits and a unit of 1024. */
const char *show_size(u64 bytes, char *buf, size_t size)
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

/* Steps that may be unlimited. */
const char *show_count(u64 count, char *buf, size_t size)
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

/* A state as a JSON object: flags always, others when the kernel sent them. */
void json_state(const struct nlattr **attrs)
{
	const struct nlattr *attr;
	const char *comma = "";
	unsigned int i;

	putchar('{');
	for (i = 0; i < FIELDS; i++) {
		attr = attrs[fields[i].type];
		if (!attr && fields[i].kind != FLAG)
			continue;
		printf("%s\"%s\":", comma, fields[i].name);
		comma = ",";
		if (fields[i].kind == FLAG)
			fputs(attr ? "true" : "false", stdout);
		else if (fields[i].kind == TEXT)
			json_text(attr);
		else if (fields[i].kind == ORIGIN)
			printf("\"%s\"", origin(attr));
		else if (fields[i].kind == STEPS && number(attr) == U64_MAX)
			fputs("null", stdout);
		else
			printf("%" PRIu64, number(attr));
	}
	putchar('}');
}

/* States of a dump, kept until it is known to be a consistent one. */
struct dump {
	char **states;
	size_t count;
};

static void *grow(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p) {
		perror("klua");
		exit(EXIT_REFUSED);
	}
	return p;
}

static int dump_reply(const struct nlmsghdr *nlh, void *data)
{
	struct dump *dump = data;
	char *copy = grow(NULL, nlh->nlmsg_len);

	memcpy(copy, nlh, nlh->nlmsg_len);
	if (!(dump->count & (dump->count + 1)))
		dump->states = grow(dump->states, 2 * (dump->count + 1) *
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

/* Dumps that something changed during, before one is taken as it is. */
#define ATTEMPTS	5

static int drain(struct link *link, struct dump *dump, const struct ref *state)
{
	u16 flags = state ? NLM_F_ACK : NLM_F_DUMP;
	struct nlmsghdr *nlh = link_request(link, KLUA_CMD_STATE_GET, flags, 0);

	if (state)
		link_put_ref(nlh, state);
	return link_do(link, nlh, dump_reply, dump);
}

/* All states, or the one of @state: 0 or -errno. */
static int get_states(struct link *link, struct dump *dump,
		      const struct ref *state)
{
	int err, i;

	memset(dump, 0, sizeof(*dump));
	for (i = 0; i < ATTEMPTS; i++) {
		err = drain(link, dump, state);
		if (err != -EINTR)
			break;
		dump_free(dump);
	}
	return err;
}

typedef void (*row_fn)(const struct nlattr **attrs);

static int show_states(struct link *link, const struct ref *state, bool json,
		       const char *header, row_fn row)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];
	struct dump dump;
	size_t i;
	int err = get_states(link, &dump, state);

	if (err) {
		dump_free(&dump);
		return complain(link, "cannot get the states", err);
	}
	fputs(json ? "[" : header, stdout);
	for (i = 0; i < dump.count; i++) {
		link_parse((void *)dump.states[i], attrs, KLUA_A_STATE_MAX);
		if (json) {
			fputs(i ? ",\n" : "", stdout);
			json_state(attrs);
		} else {
			row(attrs);
		}
	}
	if (json)
		puts("]");
	dump_free(&dump);
	return EXIT_OK;
}

static void size_column(const struct nlattr *attr)
{
	char buf[32];

	printf(" %7s", show_size(number(attr), buf, sizeof(buf)));
}

static void name_column(const struct nlattr *attr)
{
	struct bytes name = text(attr);

	putchar(' ');
	show_bytes(name.data, name.len);
	putchar('\n');
}

/* The name comes last, since it may be long. */
static void list_row(const struct nlattr **attrs)
{
	printf("%5" PRIu64 " %-6s %5" PRIu64, number(attrs[KLUA_A_STATE_ID]),
	       origin(attrs[KLUA_A_STATE_ORIGIN]),
	       number(attrs[KLUA_A_STATE_USERS]));
	size_column(attrs[KLUA_A_STATE_MEMORY]);
	size_column(attrs[KLUA_A_STATE_MEMORY_MAX]);
	printf(" %8" PRIu64 " %7" PRIu64, number(attrs[KLUA_A_STATE_RUNS]),
	       number(attrs[KLUA_A_STATE_ERRORS]));
	name_column(attrs[KLUA_A_STATE_NAME]);
}

int show_list(struct link *link, bool json)
{
	return show_states(link, NULL, json,
			   "   ID ORIGIN USERS  MEMORY     MAX     RUNS  ERRORS NAME\n",
			   list_row);
}

static void stats_row(const struct nlattr **attrs)
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

int show_stats(struct link *link, const struct ref *state, bool json)
{
	return show_states(link, state, json,
			   "                                              | limits hit                |\n"
			   "   ID     RUNS       STEPS      TIME ERRORS  STEPS   TIME    MEM  STACK CANCEL SIGNAL  MEMORY    PEAK NAME\n",
			   stats_row);
}

static void show_error(const struct nlattr **attrs)
{
	struct bytes error = text(attrs[KLUA_A_STATE_LAST_ERROR]);
	size_t line;

	if (!error.data) {
		puts("last error     none");
		return;
	}
	printf("last error     %" PRIu64 " s ago, errno %" PRIu64 "\n",
	       number(attrs[KLUA_A_STATE_LAST_ERROR_AGE]) / 1000,
	       number(attrs[KLUA_A_STATE_LAST_ERRNO]));
	/* A traceback has lines. */
	while (error.len) {
		line = first_line(&error);
		fputs("               ", stdout);
		show_bytes(error.data, line);
		putchar('\n');
		line += line < error.len;
		error.data += line;
		error.len -= line;
	}
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
	struct bytes name = text(attrs[KLUA_A_STATE_NAME]);
	char a[32], b[32], c[32];
	unsigned int i;

	fputs("name           ", stdout);
	show_bytes(name.data, name.len);
	printf("\nid             %" PRIu64 "\norigin         %s%s\nusers          %" PRIu64 "%s\n",
	       number(attrs[KLUA_A_STATE_ID]),
	       origin(attrs[KLUA_A_STATE_ORIGIN]),
	       attrs[KLUA_A_STATE_EPHEMERAL] ? ", ephemeral" : "",
	       number(attrs[KLUA_A_STATE_USERS]),
	       attrs[KLUA_A_STATE_BUSY] ? ", busy" : "");
	printf("memory         %s of %s, at most %s so far\n",
	       show_size(number(attrs[KLUA_A_STATE_MEMORY]), a, sizeof(a)),
	       show_size(number(attrs[KLUA_A_STATE_MEMORY_MAX]), b, sizeof(b)),
	       show_size(number(attrs[KLUA_A_STATE_MEMORY_PEAK]), c,
			 sizeof(c)));
	printf("steps a run    %s\n",
	       show_count(number(attrs[KLUA_A_STATE_STEPS_MAX]), a, sizeof(a)));
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
	int err = get_states(link, &dump, state);

	if (err || !dump.count) {
		dump_free(&dump);
		return complain(link, "cannot get the state", err ?: -ENOENT);
	}
	link_parse((void *)dump.states[0], attrs, KLUA_A_STATE_MAX);
	if (json) {
		json_state(attrs);
		putchar('\n');
	} else {
		show_one(attrs);
	}
	dump_free(&dump);
	return EXIT_OK;
}

/* The answer to a create: the number, or all of it as JSON. */
int show_created(const struct nlmsghdr *nlh, void *json)
{
	const struct nlattr *attrs[KLUA_A_STATE_MAX + 1];

	link_parse(nlh, attrs, KLUA_A_STATE_MAX);
	if (*(bool *)json) {
		json_state(attrs);
		putchar('\n');
	}
	return MNL_CB_OK;
}

static const struct {
	u16 type;
	bool size;
	const char *name;
	const char *key;
} facts[] = {
	{ KLUA_A_INFO_MEMORY_MIN, true, "least memory of a state",
	  "memory_min" },
	{ KLUA_A_INFO_MEMORY_DEFAULT, true, "usual memory of a state",
	  "memory_default" },
	{ KLUA_A_INFO_STEPS_DEFAULT, false, "usual steps of a run",
	  "steps_default" },
	{ KLUA_A_INFO_TIME_MAX, false, "milliseconds of a run",
	  "time_max_ms" },
	{ KLUA_A_INFO_SCRIPT_MAX, true, "largest script", "script_max" },
	{ KLUA_A_INFO_OUTPUT_MAX, true, "largest output", "output_max" },
	{ KLUA_A_INFO_USER_STATES_MAX, false, "states from user space",
	  "user_states_max" },
	{ KLUA_A_INFO_USER_BYTES_MAX, true, "memory of these together",
	  "user_bytes_max" },
};

#define FACTS	(ARRAY_SIZE(facts))

static void json_info(const struct nlattr **attrs)
{
	unsigned int i;

	fputs("{\"version\":", stdout);
	json_text(attrs[KLUA_A_INFO_VERSION]);
	fputs(",\"lua\":", stdout);
	json_text(attrs[KLUA_A_INFO_LUA]);
	for (i = 0; i < FACTS; i++)
		printf(",\"%s\":%" PRIu64, facts[i].key,
		       number(attrs[facts[i].type]));
	printf(",\"time_statistics\":%s}\n",
	       attrs[KLUA_A_INFO_TIME_STATISTICS] ? "true" : "false");
}

static int info_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[KLUA_A_INFO_MAX + 1];
	const bool *json = data;
	char buf[32];
	unsigned int i;

	link_parse(nlh, attrs, KLUA_A_INFO_MAX);
	if (*json) {
		json_info(attrs);
		return MNL_CB_OK;
	}
	printf("module                    klua %.*s\n",
	       (int)text(attrs[KLUA_A_INFO_VERSION]).len,
	       text(attrs[KLUA_A_INFO_VERSION]).data);
	printf("language                  %.*s\n",
	       (int)text(attrs[KLUA_A_INFO_LUA]).len,
	       text(attrs[KLUA_A_INFO_LUA]).data);
	for (i = 0; i < FACTS; i++)
		printf("%-25s %s\n", facts[i].name, facts[i].size ?
		       show_size(number(attrs[facts[i].type]), buf,
				 sizeof(buf)) :
		       show_count(number(attrs[facts[i].type]), buf,
				  sizeof(buf)));
	printf("time statistics           %s\n",
	       attrs[KLUA_A_INFO_TIME_STATISTICS] ? "on" : "off");
	return MNL_CB_OK;
}

int show_info(struct link *link, bool json)
{
	struct nlmsghdr *nlh = link_request(link, KLUA_CMD_INFO_GET,
					    NLM_F_ACK, 0);
	int err = link_do(link, nlh, info_reply, &json);

	return err ? complain(link, "cannot get the figures", err) : EXIT_OK;
}

static const char *event_name(u8 cmd)
{
	switch (cmd) {
	case KLUA_CMD_STATE_CREATED:
		return "created";
	case KLUA_CMD_STATE_DESTROYED:
		return "destroyed";
	case KLUA_CMD_SCRIPT_ERROR:
		return "error";
	case KLUA_CMD_LIMIT_HIT:
		return "limit";
	default:
		return "other";
	}
}

/* The two kinds of events have their numbers in common as far as need be. */
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
	if (genl->cmd == KLUA_CMD_STATE_CREATED ||
	    genl->cmd == KLUA_CMD_STATE_DESTROYED) {
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
	printf("{\"time\":\"%s\",\"event\":\"%s\",\"id\":%" PRIu64 ",\"name\":",
	       when, event_name(event->cmd), event->id);
	json_string(event->name.data, event->name.len);
	if (event->origin)
		printf(",\"origin\":\"%s\"", event->origin);
	if (event->limit)
		printf(",\"limit\":\"%s\"", event->limit);
	if (event->message.data) {
		printf(",\"errno\":%" PRIu64 ",\"message\":", event->err);
		json_string(event->message.data, event->message.len);
	}
	if (event->suppressed)
		printf(",\"suppressed\":%" PRIu64, event->suppressed);
	puts("}");
}

static void print_event(const struct event *event, const char *when)
{
	printf("%s %-9s %5" PRIu64 " ", when, event_name(event->cmd),
	       event->id);
	show_bytes(event->name.data, event->name.len);
	if (event->origin)
		printf(" (%s)", event->origin);
	if (event->limit)
		printf(": %s", event->limit);
	if (event->message.data) {
		fputs(": ", stdout);
		show_bytes(event->message.data, first_line(&event->message));
	}
	if (event->suppressed)
		printf(" (%" PRIu64 " events left out before)",
		       event->suppressed);
	putchar('\n');
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	const bool *json = data;
	struct event event;
	time_t now = time(NULL);
	char when[32];

	parse_event(nlh, &event);
	strftime(when, sizeof(when), *json ? "%FT%T%z" : "%T",
		 localtime(&now));
	if (*json)
		json_event(&event, when);
	else
		print_event(&event, when);
	fflush(stdout);
	return MNL_CB_OK;
}

/* Until the module goes, or for ever. */
int monitor(struct link *link, bool json)
{
	int err = link_join(link);

	while (!err || err == -ENOBUFS) {
		if (err)
			fprintf(stderr, "klua: events came too fast, some are lost\n");
		err = link_listen(link, on_event, &json);
	}
	if (err == -ENODEV) {
		fprintf(stderr, "klua: the module klua was unloaded\n");
		return EXIT_NO_MODULE;
	}
	return complain(link, "cannot listen to events", err);
}
