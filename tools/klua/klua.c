// SPDX-License-Identifier: GPL-2.0-only
/* klua: the program that shows and controls Lua states in the kernel. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

#define TOOL_VERSION	"0.1.0"

/* Default of --output */
#define ROOM_DEFAULT	1048576

/* The options of one command, and the arguments of a script */
struct options {
	bool json;
	bool id;
	bool force;
	bool create;
	bool all;
	bool go_on;
	u32 events;
	bool gone;
	bool idle;
	bool if_exists;
	bool reserve;
	bool sorted;
	enum sort sort;
	u32 kind;
	u64 time;
	u64 memory;
	u64 steps;
	u64 room;
	u64 count;
	double watch;
	double timeout;
	bool timed;
	const char *code;
	const char *files[KLUA_BUILD_CHUNKS];
	u32 files_count;
	char **args;
	int argc;
};

struct command {
	const char *name;
	const char *options;	/* letters of the options that it takes */
	int least, most;	/* arguments */
	int (*run)(const struct options *opt, char **args, int count);
	const char *usage;
	const char *brief;	/* one line of help */
	const char *help;	/* the rest, or "" */
};

static const struct command *command;

/* The batch was called with --json: each of its commands that can answers with JSON. */
static bool all_json, all_pretty;

static const struct {
	char letter;
	const char *usage;
} option_help[] = {
	{ 'a', "  -a, --all            also what was replaced or destroyed, and is in use\n" },
	{ 'C', "  -C, --create         also if there is no state of the name\n" },
	{ 'c', "  -c, --count N        looks, and then no more\n" },
	{ 'E', "  -E, --event KIND     created, destroyed, stopped, started, error or limit\n" },
	{ 'e', "  -e, --execute CODE   the script itself\n" },
	{ 'f', "  -f, --file FILE      a script to make it with; may be repeated\n" },
	{ 'F', "  -F, --force          also if a kernel module made it, or stopped it\n" },
	{ 'g', "  -g, --gone           until there is no such state\n" },
	{ 'i', "  -i, --id             STATE is a number, not a name\n" },
	{ 'I', "  -I, --idle           until nothing runs in it\n" },
	{ 'j', "  -j, --json           JSON instead of text\n" },
	{ 'K', "  -K, --continue       to the end, whatever fails\n" },
	{ 'k', "  -k, --kind KIND      atomic, sleepable or irq\n" },
	{ 'm', "  -m, --memory SIZE    bytes it may hold: 65536, 64K, 1.5M, 1MiB, ...\n" },
	{ 'o', "  -o, --output SIZE    bytes to keep where a script cannot wait (1M)\n" },
	{ 'p', "  -p, --pretty         JSON in lines, and indented\n" },
	{ 'r', "  -r, --reserve        take all of its memory now\n" },
	{ 'S', "  -S, --sort KEY       by id, name, runs, steps, time, errors or memory\n" },
	{ 's', "  -s, --steps N        steps a run may take: 5000, 10k, 2M, unlimited\n" },
	{ 'T', "  -T, --time TIME      a run may take: 500us, 20ms, 1.5s, unlimited\n" },
	{ 't', "  -t, --timeout SECS   the longest wait (no limit); 0: one look\n" },
	{ 'w', "  -w, --watch[=SECS]   again and again (every second); a number may follow it\n" },
	{ 'x', "  -x, --if-exists      no error if there is no such state\n" },
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "continue", no_argument, NULL, 'K' },
	{ "count", required_argument, NULL, 'c' },
	{ "create", no_argument, NULL, 'C' },
	{ "event", required_argument, NULL, 'E' },
	{ "execute", required_argument, NULL, 'e' },
	{ "file", required_argument, NULL, 'f' },
	{ "force", no_argument, NULL, 'F' },
	{ "gone", no_argument, NULL, 'g' },
	{ "id", no_argument, NULL, 'i' },
	{ "idle", no_argument, NULL, 'I' },
	{ "if-exists", no_argument, NULL, 'x' },
	{ "json", no_argument, NULL, 'j' },
	{ "kind", required_argument, NULL, 'k' },
	{ "memory", required_argument, NULL, 'm' },
	{ "output", required_argument, NULL, 'o' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "reserve", no_argument, NULL, 'r' },
	{ "sort", required_argument, NULL, 'S' },
	{ "steps", required_argument, NULL, 's' },
	{ "time", required_argument, NULL, 'T' },
	{ "timeout", required_argument, NULL, 't' },
	{ "watch", optional_argument, NULL, 'w' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

#define LETTERS	":aCc:E:e:f:FgiIjKk:m:o:prS:s:T:t:w::xh"

static _Noreturn __attribute__((format(printf, 1, 2)))
void misuse(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (json_wanted())
		fail(EXIT_USAGE, "%s", text);
	fail(EXIT_USAGE, "%s\nTry: klua %s%s--help", text,
	     command ? command->name : "", command ? " " : "");
}

static int status_of(int err)
{
	switch (err) {
	case -ENOENT:
		return EXIT_NO_STATE;
	case -EPERM:
	case -EACCES:
		return EXIT_NO_RIGHT;
	case -ENODEV:
		return EXIT_NO_MODULE;
	default:
		return EXIT_REFUSED;
	}
}

/* A hint for a state that does not exist, or "" */
static char hint[128];

static __attribute__((format(printf, 1, 2)))
void set_hint(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(hint, sizeof(hint), format, args);
	va_end(args);
}

/* The text of a failure, with the hint if there is one */
static const char *with_hint(const char *why, int err)
{
	static char text[512];

	if (err == -EPERM && strstr(why, "has to be forced"))
		snprintf(text, sizeof(text), "%s (--force)", why);
	else if (err == -ENOENT && *hint)
		snprintf(text, sizeof(text), "%s; %s", why, hint);
	else
		return why;
	return text;
}

static bool over_quota(int err)
{
	return err == -EDQUOT || err == -EAGAIN;
}

/* Tell why a request failed, in the kernel's words if there are any. */
int complain(struct link *link, bool json, const char *what, int err)
{
	const char *why = link_message(link) ?: strerror(-err);

	if (over_quota(err))
		why = quota_words(link, why);
	if (err == -ENODEV)
		why = "the module klua was unloaded";
	return failure(json, status_of(err), -err, what, with_hint(why, err));
}

/*
 * The exit status for a script that failed with @err: @status, unless the user
 * interrupted it.
 */
int script_status(int err, int status)
{
	return interrupted && err == -EINTR ? EXIT_INTERRUPTED : status;
}

/* Tell why a script did not run. Returns the exit status. */
int complain_script(const struct outcome *outcome, bool json, int err,
		    const char *doing)
{
	const char *why = strerror(-err);
	struct link *link;
	int unused;

	if (outcome->message.len)
		why = outcome->message.data;
	else if (status_of(err) == EXIT_NO_RIGHT)
		why = "CAP_SYS_ADMIN is needed";
	if (over_quota(err)) {
		link = link_try(&unused);
		why = link ? quota_words(link, why) : why;
	}
	return failure(json, script_status(err, status_of(err)), -err, doing,
		       with_hint(why, err));
}

/*
 * Parse a number with a fraction and a unit; k stands for @base. False: it is not a
 * number, or too large.
 */
static bool parse_number(const char *word, unsigned int base, u64 *value)
{
	static const char units[] = "kmgt";
	const char *unit;
	double number;
	char *end;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	*value = strtoull(word, &end, 10);
	if (!*end)
		return !errno;
	number = *value;
	if (*end == '.' && isdigit((unsigned char)end[1]))
		number = strtod(word, &end);
	unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (!unit)
		return false;
	end++;
	if (base == 1024 && !strcmp(end, "iB"))
		end += 2;
	for (; unit >= units; unit--)
		number *= base;
	if (*end || number >= 1.8e19)
		return false;
	*value = number;
	return true;
}

static u64 parse_size(const char *word)
{
	u64 size;

	if (!parse_number(word, 1024, &size))
		misuse("'%s' is no size, such as 65536, 64K, 1.5M or 1MiB",
		       word);
	return size;
}

static u64 parse_count(const char *word)
{
	u64 count;

	if (!parse_number(word, 1000, &count))
		misuse("'%s' is no number, such as 5000 or 10k", word);
	if (!count)
		misuse("'%s' is too few: 1 is the least", word);
	return count;
}

static u64 parse_steps(const char *word)
{
	return strcmp(word, "unlimited") ? parse_count(word) : U64_MAX;
}

/*
 * Digits, and perhaps a fraction, up to @end; false for anything else. strtod() alone
 * knows other forms of numbers, too.
 */
static bool parse_decimal(const char *word, double *value, const char **end)
{
	size_t digits = strspn(word, "0123456789"), more = 0;

	*end = word + digits;
	if (**end == '.') {
		more = strspn(*end + 1, "0123456789");
		*end += 1 + more;
		if (!more)
			return false;
	}
	if (!(digits + more) || (**end && strchr("eExX", **end)))
		return false;
	*value = strtod(word, NULL);
	return true;
}

static double parse_seconds(const char *word, double least)
{
	const char *end;
	double seconds;

	if (!parse_decimal(word, &seconds, &end) || *end ||
	    !(seconds >= least && seconds <= 86400))
		misuse("'%s' is no time between %g and 86400 seconds", word,
		       least);
	return seconds;
}

/* Microseconds that fit into what the kernel counts them by */
#define TIME_MOST	4294967295.0

/* Parse a time. Returns microseconds. */
static u64 parse_time(const char *word)
{
	static const struct {
		const char *name;
		double us;
	} units[] = { { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 } };
	unsigned int i;
	const char *end;
	double time;

	if (!strcmp(word, "unlimited"))
		return U64_MAX;
	if (!parse_decimal(word, &time, &end))
		misuse("'%s' is no time, such as 500us, 20ms or 1.5s", word);
	for (i = 0; i < ARRAY_SIZE(units) && strcmp(end, units[i].name); i++)
		;
	if (i == ARRAY_SIZE(units))
		misuse("'%s' is no time, such as 500us, 20ms or 1.5s", word);
	time *= units[i].us;
	if (time < 1)
		misuse("'%s' is too short: 1us is the least", word);
	if (time > TIME_MOST)
		misuse("'%s' is too long: sleepable 4294s or unlimited, atomic 8s, irq 100ms",
		       word);
	return time;
}

static u32 parse_kind(const char *word)
{
	u32 kind;

	for (kind = 0; kind < __KLUA_KIND_MAX; kind++)
		if (!strcmp(word, kind_name(kind)))
			return kind;
	misuse("'%s' is no kind: atomic, sleepable and irq are", word);
}

static void add_file(struct options *opt, const char *path)
{
	if (opt->files_count == KLUA_BUILD_CHUNKS)
		misuse("more than %d files", KLUA_BUILD_CHUNKS);
	opt->files[opt->files_count++] = path;
}

static void set_memory(struct options *opt, const char *word)
{
	opt->memory = parse_size(word);
	if (!opt->memory)
		misuse("a state needs memory");
}

static void set_room(struct options *opt, const char *word)
{
	opt->room = parse_size(word);
	if (!opt->room || opt->room > KLUA_ROOM_MAX)
		misuse("output is kept up to 32M, and at least a byte");
}

static void set_sort(struct options *opt, const char *word)
{
	if (!parse_sort(word, &opt->sort))
		misuse("'%s' is none of id, name, runs, steps, time, errors, memory",
		       word);
	opt->sorted = true;
}

static bool is_number(const char *word)
{
	return isdigit((unsigned char)*word) &&
	       !word[strspn(word, "0123456789.")];
}

/*
 * Set the interval of --watch: after a '=' or, as in watch and vmstat, in the next
 * word. So a number after --watch is not a pattern.
 */
static void set_watch(struct options *opt, char **argv)
{
	const char *word = optarg;

	if (!word && argv[optind] && is_number(argv[optind]))
		word = argv[optind++];
	opt->watch = word ? parse_seconds(word, 0.1) : 1;
}

static void set_option(struct options *opt, int letter, char **argv)
{
	switch (letter) {
	case 'a':
		opt->all = true;
		break;
	case 'C':
		opt->create = true;
		break;
	case 'E':
		if (!parse_event_kind(optarg, &opt->events))
			misuse("'%s' is none of created, destroyed, stopped, started, error, limit",
			       optarg);
		break;
	case 'K':
		opt->go_on = true;
		break;
	case 'p':
		opt->json = true;
		set_pretty(true);
		break;
	case 'c':
		opt->count = parse_count(optarg);
		break;
	case 'e':
		if (opt->code)
			misuse("-e may be given once");
		opt->code = optarg;
		break;
	case 'f':
		add_file(opt, optarg);
		break;
	case 'k':
		opt->kind = parse_kind(optarg);
		break;
	case 'r':
		opt->reserve = true;
		break;
	case 'T':
		opt->time = parse_time(optarg);
		break;
	case 'F':
		opt->force = true;
		break;
	case 'g':
		opt->gone = true;
		break;
	case 'i':
		opt->id = true;
		break;
	case 'I':
		opt->idle = true;
		break;
	case 'j':
		opt->json = true;
		break;
	case 'm':
		set_memory(opt, optarg);
		break;
	case 'o':
		set_room(opt, optarg);
		break;
	case 'S':
		set_sort(opt, optarg);
		break;
	case 's':
		opt->steps = parse_steps(optarg);
		break;
	case 't':
		opt->timeout = parse_seconds(optarg, 0);
		opt->timed = true;
		break;
	case 'w':
		set_watch(opt, argv);
		break;
	case 'x':
		opt->if_exists = true;
		break;
	}
}

static struct ref parse_ref(bool is_id, const char *word)
{
	struct ref ref = { .name = word };
	unsigned long id;
	char *end;

	if (!is_id) {
		if (!*word || strlen(word) > KLUA_NAME_LEN)
			misuse("a name has 1 to %d bytes", KLUA_NAME_LEN);
		set_subject(word, false);
		if (!word[strspn(word, "0123456789")])
			set_hint("a number is given as --id %s", word);
		else if (strpbrk(word, "*?["))
			set_hint("patterns are for list, stats, top and monitor");
		return ref;
	}
	errno = 0;
	id = strtoul(word, &end, 10);
	if (!isdigit((unsigned char)*word) || *end || errno || !id ||
	    id > U32_MAX)
		misuse("'%s' is no number of a state", word);
	set_subject(word, true);
	ref.name = NULL;
	ref.id = id;
	return ref;
}

/* Does the command take this option? A command with --json has --pretty as well. */
static bool takes(const struct command *c, char letter)
{
	return strchr(c->options, letter == 'p' ? 'j' : letter);
}

static void show_help(const struct command *c)
{
	unsigned int i;

	printf("usage: klua %s%s%s\n\n%s\n%s\n", c->name, *c->usage ? " " : "",
	       c->usage, c->brief, c->help);
	for (i = 0; i < ARRAY_SIZE(option_help); i++)
		if (takes(c, option_help[i].letter))
			fputs(option_help[i].usage, stdout);
	puts("  -h, --help           this text");
}

static int cmd_list(const struct options *opt, char **args, int count)
{
	struct selection which = {
		.patterns = args,
		.count = count,
		.sort = opt->sort,
		.sorted = opt->sorted,
		.all = opt->all,
		.json = opt->json,
	};

	return show_list(link_open(), &which);
}

static int cmd_info(const struct options *opt, char **args, int count)
{
	return show_info(link_open(), opt->json);
}

static int cmd_show(const struct options *opt, char **args, int count)
{
	struct ref state = parse_ref(opt->id, args[0]);

	return show_state(link_open(), &state, opt->json);
}

static int make_state(struct link *link, const char *name,
		      const struct options *opt, bool ephemeral, mnl_cb_t reply,
		      void *data)
{
	struct nlmsghdr *nlh = link_request(link, KLUA_CMD_STATE_CREATE,
					    NLM_F_ACK);

	mnl_attr_put_strz(nlh, KLUA_A_STATE_NAME, name);
	if (opt->memory)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_MEMORY_MAX, opt->memory);
	if (opt->steps)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_STEPS_MAX, opt->steps);
	if (opt->time)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_TIME_MAX, opt->time);
	if (opt->kind != KLUA_BUILD_KIND_SAME)
		mnl_attr_put_u32(nlh, KLUA_A_STATE_KIND, opt->kind);
	if (opt->reserve)
		mnl_attr_put(nlh, KLUA_A_STATE_RESERVED, 0, NULL);
	if (ephemeral)
		mnl_attr_put(nlh, KLUA_A_STATE_EPHEMERAL, 0, NULL);
	return link_do(link, nlh, reply, data);
}

/* Send a request about a state whose answer is only success or failure. */
static int simple(u8 cmd, const struct options *opt, const char *word,
		  const char *doing)
{
	struct ref state = parse_ref(opt->id, word);
	struct link *link = link_open();
	struct nlmsghdr *nlh = link_request(link, cmd, NLM_F_ACK);
	int err;

	link_put_ref(nlh, &state);
	if (opt->force)
		mnl_attr_put(nlh, KLUA_A_STATE_FORCE, 0, NULL);
	if (opt->memory)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_MEMORY_MAX, opt->memory);
	if (opt->steps)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_STEPS_MAX, opt->steps);
	if (opt->time)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_TIME_MAX, opt->time);
	err = link_do(link, nlh, NULL, NULL);
	if (err == -ENOENT && opt->if_exists)
		err = 0;
	if (err)
		return complain(link, opt->json, doing, err);
	return nothing_to_say(opt->json);
}

static int cmd_destroy(const struct options *opt, char **args, int count)
{
	/* Without the module there is no state. To ask would load the module. */
	if (opt->if_exists && module_absent())
		return nothing_to_say(opt->json);
	return simple(KLUA_CMD_STATE_DESTROY, opt, args[0],
		      "cannot destroy the state");
}

static int cmd_cancel(const struct options *opt, char **args, int count)
{
	return simple(KLUA_CMD_CANCEL, opt, args[0], "cannot cancel");
}

static int cmd_stop(const struct options *opt, char **args, int count)
{
	return simple(KLUA_CMD_STATE_STOP, opt, args[0],
		      "cannot stop the state");
}

static int cmd_start(const struct options *opt, char **args, int count)
{
	return simple(KLUA_CMD_STATE_START, opt, args[0],
		      "cannot start the state");
}

static int cmd_set(const struct options *opt, char **args, int count)
{
	if (!opt->memory && !opt->steps && !opt->time)
		misuse("--memory, --steps or --time says what to set");
	return simple(KLUA_CMD_STATE_SET, opt, args[0],
		      "cannot set the limits");
}

/*
 * Bytes of a script's file, at most: those of a script, and those that skip_preamble()
 * skips.
 */
#define FILE_MAX	(KLUA_SCRIPT_MAX + 4096)

static struct bytes read_file(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *buf = allocate(NULL, FILE_MAX + 1);
	struct bytes text = { .data = buf };

	if (!file)
		fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	text.len = fread(buf, 1, FILE_MAX + 1, file);
	if (ferror(file))
		fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	/* The file may be longer, and its beginning would be another script. */
	if (text.len > FILE_MAX)
		fail(EXIT_USAGE, "%s: larger than 1 MiB", path);
	if (file != stdin)
		fclose(file);
	return text;
}

static void skip(struct bytes *text, size_t len)
{
	text->data += len;
	text->len -= len;
}

/*
 * Skip what is not Lua at a file's beginning: a byte order mark, and a first line for
 * the shell. The end of that line stays, so that line numbers are right.
 */
static void skip_preamble(struct bytes *text)
{
	const char *end;

	if (text->len >= 3 && !memcmp(text->data, "\xef\xbb\xbf", 3))
		skip(text, 3);
	if (!text->len || text->data[0] != '#')
		return;
	end = memchr(text->data, '\n', text->len);
	skip(text, end ? (size_t)(end - text->data) : text->len);
}

/* Read a script from a file, or from standard input for "-", as the kernel takes it. */
static struct bytes read_script(const char *path, char *chunkname, size_t size)
{
	struct bytes text = read_file(path);

	skip_preamble(&text);
	if (text.len > KLUA_SCRIPT_MAX)
		fail(EXIT_USAGE, "%s: larger than 1 MiB", path);
	snprintf(chunkname, size, "%s%s", strcmp(path, "-") ? "@" : "=",
		 strcmp(path, "-") ? path : "stdin");
	return text;
}

/* What was made, as JSON: its number and name where there is no more to be had. */
static int show_built(struct link *link, const struct klua_build *build)
{
	struct json_object *object;

	if (link && !show_made(link, build->id))
		return EXIT_OK;
	warn("the state was made; what the family klua would say of it is not to be had");
	object = json_object_new_object();
	json_add(object, "id", json_object_new_int64(build->id));
	json_add(object, "name",
		 json_bytes((struct bytes){ build->name, strlen(build->name) }));
	json_show(object);
	return EXIT_OK;
}

/* Make a state with scripts; @flags are KLUA_BUILD_*. */
static int build_state(const struct options *opt, const char *name, u32 flags)
{
	struct klua_source sources[KLUA_BUILD_CHUNKS] = { };
	struct klua_build build = {
		.flags = flags | (opt->reserve ? KLUA_BUILD_RESERVE : 0),
		.kind = opt->kind,
		.memory = opt->memory,
		.steps = opt->steps,
		.time_us = opt->time,
		.sources = (uintptr_t)sources,
		.sources_count = opt->files_count,
	};
	const char *doing = flags ? "cannot replace the state" :
				    "cannot create the state";
	struct link *link = NULL;
	struct bytes text;
	u32 i;
	int err;

	strncpy(build.name, parse_ref(false, name).name, KLUA_NAME_LEN);
	for (i = 0; i < opt->files_count; i++) {
		text = read_script(opt->files[i], sources[i].name,
				   sizeof(sources[i].name));
		sources[i].text = (uintptr_t)text.data;
		sources[i].len = text.len;
	}
	/* Before it is made: afterwards nothing may fail any more. */
	if (opt->json)
		link = link_try(&err);
	err = script_build(&build, opt->json, doing);
	return err || !opt->json ? err : show_built(link, &build);
}

static int cmd_create(const struct options *opt, char **args, int count)
{
	struct ref state = parse_ref(false, args[0]);
	bool json = opt->json;
	struct link *link;
	int err;

	if (opt->files_count)
		return build_state(opt, args[0], 0);
	link = link_open();
	err = make_state(link, state.name, opt, false, show_created, &json);
	return err ? complain(link, json, "cannot create the state", err) :
		     EXIT_OK;
}

static int cmd_replace(const struct options *opt, char **args, int count)
{
	u32 flags = KLUA_BUILD_REPLACE;

	if (!opt->files_count)
		misuse("--file says what to make it with");
	if (!opt->create) {
		flags |= KLUA_BUILD_EXISTING;
		set_hint("--create makes one");
	}
	return build_state(opt, args[0], flags);
}

/* Join the arguments of a script, with a NUL behind each. */
static struct bytes join_args(char **args, int count)
{
	struct bytes joined = { NULL, 0 };
	size_t len;
	char *p;
	int i;

	for (i = 0; i < count; i++) {
		len = strlen(args[i]) + 1;
		p = allocate((char *)joined.data, joined.len + len);
		memcpy(p + joined.len, args[i], len);
		joined.data = p;
		joined.len += len;
	}
	if (joined.len > KLUA_ARGS_MAX)
		misuse("the script's arguments are larger than 128 KiB");
	return joined;
}

/* Make a state that the kernel destroys when this program ends in any way. */
static int fresh_state(struct link *link, const char *what,
		       const struct options *opt, char *name, size_t size)
{
	int i, err;

	for (i = 1, err = -EEXIST; err == -EEXIST && i <= 100; i++) {
		if (i == 1)
			snprintf(name, size, "%s/%d", what, (int)getpid());
		else
			snprintf(name, size, "%s/%d.%d", what, (int)getpid(),
				 i);
		err = make_state(link, name, opt, true, NULL, NULL);
	}
	return err;
}

static void no_limits_with_state(const struct options *opt)
{
	if (opt->memory || opt->steps || opt->time ||
	    opt->kind != KLUA_BUILD_KIND_SAME)
		misuse("--memory, --steps, --time and --kind are for a fresh state; see klua set");
}

static void no_state_options(const struct options *opt)
{
	if (opt->id || opt->force)
		misuse("--id and --force are for a STATE, and none is given");
}

static u32 run_flags(const struct options *opt)
{
	return (opt->json ? KLUA_RUN_JSON : 0) |
	       (opt->force ? KLUA_RUN_FORCE : 0);
}

static int run_and_show(const struct script *script, bool json)
{
	struct outcome outcome;
	int err;

	catch_interrupts(true);
	err = script_run(script, &outcome);
	if (err)
		err = complain_script(&outcome, json, err,
				      "cannot run the script");
	else
		err = script_show(&outcome, json);
	outcome_free(&outcome);
	return err;
}

#define SCRIPT_ARGS	"; those of the script follow --"

/* The first of two words, or the only one with -e CODE, is a state: hint at a file. */
static void hint_at_file(const struct options *opt, const char *word)
{
	if (opt->id || access(word, F_OK))
		return;
	set_hint(opt->code ? "'%s' is a file, and -e CODE is the script" :
		 "'%s' is a file, and a script's arguments follow --", word);
}

/* FILE ARGUMENT, as other interpreters have it, looks like STATE FILE. */
static void check_file(const struct options *opt, char **args)
{
	if (opt->id || access(args[0], F_OK) || !strcmp(args[1], "-"))
		return;
	if (access(args[1], F_OK) && errno == ENOENT)
		misuse("%s: No such file; arguments of the script %s follow --",
		       args[1], args[0]);
}

/*
 * Check that a script and a state are given. A lone word is a file unless it cannot be.
 */
static void check_script(const struct options *opt, char **args, int count,
			 int files)
{
	const char *missing = opt->argc > 0 ?
			      "a FILE, - or -e CODE comes before -- and the arguments" :
			      "a FILE, - or -e CODE is missing";

	if (count > files + 1)
		misuse("too many arguments: '%s'" SCRIPT_ARGS, args[files + 1]);
	if (count < files)
		misuse("which script? A FILE, - or -e CODE is missing");
	if (count == 2)
		check_file(opt, args);
	if (count != 1 || !files || !strcmp(args[0], "-"))
		return;
	if (opt->id || opt->force)
		misuse("which script? After '%s' %s", args[0], missing);
	if (access(args[0], F_OK) && errno == ENOENT)
		misuse("%s: No such file; for a state of this name %s", args[0],
		       missing);
}

static int cmd_run(const struct options *opt, char **args, int count)
{
	int files = opt->code ? 0 : 1;
	char name[KLUA_NAME_LEN + 1], chunkname[256] = "=(command line)";
	struct script script = {
		.state = { .name = name, .fresh = true },
		.chunkname = chunkname,
		.room = opt->room ?: ROOM_DEFAULT,
		.flags = run_flags(opt),
		.args = join_args(opt->args, opt->argc),
	};
	struct link *link;
	int err;

	check_script(opt, args, count, files);
	if (opt->code) {
		script.text.data = opt->code;
		script.text.len = strlen(opt->code);
		if (script.text.len > KLUA_SCRIPT_MAX)
			misuse("the script is larger than 1 MiB");
	} else {
		script.text = read_script(args[count - 1], chunkname,
					  sizeof(chunkname));
	}
	if (count > files) {
		no_limits_with_state(opt);
		script.state = parse_ref(opt->id, args[0]);
		hint_at_file(opt, args[0]);
	} else {
		no_state_options(opt);
		link = link_open();
		err = fresh_state(link, "run", opt, name, sizeof(name));
		if (err)
			return complain(link, opt->json,
					"cannot create a state", err);
	}
	return run_and_show(&script, opt->json);
}

static int cmd_repl(const struct options *opt, char **args, int count)
{
	char name[KLUA_NAME_LEN + 1];
	struct ref state = { .name = name, .fresh = true };
	struct link *link;
	int err;

	if (count) {
		no_limits_with_state(opt);
		state = parse_ref(opt->id, args[0]);
	} else {
		no_state_options(opt);
		link = link_open();
		err = fresh_state(link, "repl", opt, name, sizeof(name));
		if (err)
			return complain(link, false, "cannot create a state",
					err);
	}
	return repl_run(&state, run_flags(opt), opt->room ?: ROOM_DEFAULT);
}

static int cmd_stats(const struct options *opt, char **args, int count)
{
	struct selection which = {
		.patterns = args,
		.count = opt->id ? 0 : count,
		.sort = opt->sort,
		.sorted = opt->sorted,
		.json = opt->json,
	};
	struct link *link;
	struct ref state;
	int status;

	if (opt->id && count != 1)
		misuse("--id takes the number of one state");
	if (count == 1 && (opt->id || !strpbrk(args[0], "*?["))) {
		state = parse_ref(opt->id, args[0]);
		which.state = &state;
		which.count = 0;
	}
	link = link_open();
	for (;;) {
		status = show_stats(link, &which, opt->watch && !opt->json &&
				    isatty(STDOUT_FILENO));
		check_output();
		if (!opt->watch || status)
			return status;
		pause_for(opt->watch);
	}
}

static int cmd_top(const struct options *opt, char **args, int count)
{
	struct selection which = {
		.patterns = args,
		.count = count,
		.sort = opt->sorted ? opt->sort : SORT_TIME,
		.json = opt->json,
	};

	return top(link_open(), &which, opt->watch ?: 1,
		   opt->count ?: U64_MAX);
}

static int cmd_wait(const struct options *opt, char **args, int count)
{
	struct ref state = parse_ref(opt->id, args[0]);

	if (opt->gone && opt->idle)
		misuse("--gone or --idle, not both");
	if (opt->gone && module_absent())
		return nothing_to_say(opt->json);
	return wait_for(link_open(), &state, opt->gone, opt->idle,
			opt->timed ? opt->timeout : INFINITY, opt->json);
}

static int cmd_monitor(const struct options *opt, char **args, int count)
{
	struct selection which = {
		.patterns = args,
		.count = count,
		.events = opt->events,
		.json = opt->json,
	};

	return monitor(link_open(), &which);
}

static int cmd_batch(const struct options *opt, char **args, int count);
static int cmd_help(const struct options *opt, char **args, int count);

static const struct command commands[] = {
	{ "list", "ajS", 0, 1000, cmd_list,
	  "[--all] [--sort KEY] [--json] [PATTERN]...",
	  "Lists the states, a line each: who made one, and who is inside of it.",
	  "With patterns, as of a shell, only those whose names match one. What was\n"
	  "replaced or destroyed is shown, cancelled and stopped by its number.\n" },
	{ "show", "ij", 1, 1, cmd_show, "[--json] [--id] STATE",
	  "Shows all about a state.", "" },
	{ "create", "fjkmrsT", 1, 1, cmd_create,
	  "[--kind KIND] [--memory SIZE] [--steps N] [--time TIME] [--reserve]\n"
	  "                   [--file FILE]... [--json] NAME",
	  "Makes a state, a sleepable one with 1M of memory unless told otherwise.",
	  "The scripts are run before anybody else sees it, and print to the kernel's log\n"
	  "(journalctl -k). The name has a slash in it,\n"
	  "as in user/NAME: names without one are for kernel modules.\n" },
	{ "replace", "CfjkmrsT", 1, 1, cmd_replace,
	  "[--create] [--kind KIND] [--memory SIZE] [--steps N]\n"
	  "                    [--time TIME] [--reserve] --file FILE... [--json] NAME",
	  "Makes a state in the place of the one of its name, in one step or not at all.",
	  "What is not given stays as it was.\n" },
	{ "destroy", "Fijx", 1, 1, cmd_destroy,
	  "[--force] [--if-exists] [--json] [--id] STATE",
	  "Destroys a state that nobody holds.", "" },
	{ "run", "eFijkmosT", 0, 2, cmd_run,
	  "[--kind KIND] [--memory SIZE] [--steps N] [--time TIME]\n"
	  "                [--output SIZE] [--json] {FILE|-|-e CODE}\n"
	  "                [-- ARGUMENT...]\n"
	  "       klua run [--force] [--output SIZE] [--json] [--id] STATE\n"
	  "                {FILE|-|-e CODE} [-- ARGUMENT...]",
	  "Runs a script and shows what it prints and returns.",
	  "In a fresh state when none is named. The arguments are its '...'. Ctrl-C\n"
	  "ends it.\n" },
	{ "repl", "FikmosT", 0, 1, cmd_repl,
	  "[--kind KIND] [--memory SIZE] [--steps N] [--time TIME]\n"
	  "                 [--output SIZE]\n"
	  "       klua repl [--force] [--output SIZE] [--id] STATE",
	  "Runs what is typed, line by line, and shows the values of expressions.",
	  "" },
	{ "cancel", "ij", 1, 1, cmd_cancel, "[--json] [--id] STATE",
	  "Ends what runs in a state.", "" },
	{ "stop", "ij", 1, 1, cmd_stop, "[--json] [--id] STATE",
	  "Lets nobody enter a state, whoever made it, and ends what runs in it.",
	  "Its users get ESHUTDOWN until it is started again.\n" },
	{ "start", "Fij", 1, 1, cmd_start, "[--force] [--json] [--id] STATE",
	  "Lets users of a stopped state enter it again.",
	  "One that a kernel module has stopped is started by --force only.\n" },
	{ "set", "FijmsT", 1, 1, cmd_set,
	  "[--memory SIZE] [--steps N] [--time TIME] [--force] [--json]\n"
	  "                [--id] STATE",
	  "Changes the limits of a state.",
	  "One that a kernel module made gets no more memory than that allowed.\n" },
	{ "stats", "ijSw", 0, 1000, cmd_stats,
	  "[--watch[=SECS]] [--sort KEY] [--json] [PATTERN...]\n"
	  "       klua stats [--watch[=SECS]] [--json] [--id] STATE",
	  "Shows what states have done and which limits they hit.",
	  "Time is measured while the module's parameter stats is on.\n" },
	{ "top", "cjSw", 0, 1000, cmd_top,
	  "[--watch=SECS] [--count N] [--sort KEY] [--json] [PATTERN...]",
	  "Shows what states do in a second, the busiest first.",
	  "Time is measured while the module's parameter stats is on. Runs and steps are\n"
	  "counted when a run ends.\n" },
	{ "monitor", "Ej", 0, 1000, cmd_monitor,
	  "[--event KIND]... [--json] [PATTERN]...",
	  "Shows states come, go, fail and hit limits, as it happens.",
	  "With patterns, as of a shell, only those whose names match one.\n" },
	{ "wait", "gIijt", 1, 1, cmd_wait,
	  "[--gone|--idle] [--timeout SECS] [--json] [--id] STATE",
	  "Waits until there is a state, or it is gone, or nothing runs in it.",
	  "" },
	{ "batch", "jK", 1, 1, cmd_batch, "[--continue] [--json] {FILE|-}",
	  "Runs commands, a line each, up to the first that fails.",
	  "A line is what follows klua, quoted as for a shell; # begins a comment. Each is\n"
	  "done as soon as it is there. With --json each answers with JSON that can.\n" },
	{ "info", "j", 0, 0, cmd_info, "[--json]",
	  "Shows the module's version and limits.", "" },
	{ "help", "j", 0, 1, cmd_help, "[--json] [COMMAND]",
	  "Shows what there is, or what a command takes.", "" },
};

#define COMMANDS	(ARRAY_SIZE(commands))

static const struct command *find_command(const char *word)
{
	unsigned int i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(word, commands[i].name))
			return &commands[i];
	return NULL;
}

static void overview(void)
{
	unsigned int i;

	puts("usage: klua [--json|--pretty] COMMAND [OPTION]... [ARGUMENT]...\n"
	     "       klua -e CODE\n"
	     "       klua FILE [ARGUMENT]...\n"
	     "       klua --version\n\n"
	     "Sees and drives the Lua states in the kernel.\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].brief);
	puts("\nklua help COMMAND says more. Exit status: 0 success, 1 the script failed,\n"
	     "2 wrong usage, 3 no such state, 4 no right, 5 the module is not loaded,\n"
	     "6 refused for another reason, 7 the output cannot be written, 130 ended by\n"
	     "Ctrl-C.");
}

static struct json_object *json_command(const struct command *c)
{
	struct json_object *object = json_object_new_object();
	struct json_object *all = json_object_new_array();
	const char *usage;
	char help[1024];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(option_help); i++) {
		usage = option_help[i].usage;
		if (takes(c, option_help[i].letter))
			json_object_array_add(all, json_object_new_string(usage));
	}
	snprintf(help, sizeof(help), "%s\n%s", c->brief, c->help);
	json_add(object, "command", json_object_new_string(c->name));
	json_add(object, "usage", json_object_new_string(c->usage));
	json_add(object, "help", json_object_new_string(help));
	json_add(object, "options", all);
	return object;
}

/* Say what a command takes, to people or as JSON. */
static void tell_help(const struct command *c, bool json)
{
	if (json)
		json_show(json_command(c));
	else
		show_help(c);
}

static void json_overview(void)
{
	struct json_object *all = json_object_new_array();
	unsigned int i;

	for (i = 0; i < COMMANDS; i++)
		json_object_array_add(all, json_command(&commands[i]));
	json_show(all);
}

static int cmd_help(const struct options *opt, char **args, int count)
{
	const struct command *c;

	if (!count) {
		if (opt->json)
			json_overview();
		else
			overview();
		return EXIT_OK;
	}
	c = find_command(args[0]);
	if (!c)
		misuse("'%s' is no command", args[0]);
	tell_help(c, opt->json);
	return EXIT_OK;
}

/*
 * The option that getopt_long() stopped at with @letter, as the user wrote it. That is
 * the word before optind, unless it is one of several letters in a word. @index is the
 * long option, if it is one that the command does not take, else -1.
 */
static const char *wrong_option(char **argv, int letter, int index)
{
	static char text[32];
	bool wrong = letter == '?' || letter == ':';

	if (wrong && !strncmp(argv[optind - 1], "--", 2) &&
	    (!optopt || strchr(LETTERS, optopt)))
		return argv[optind - 1];
	if (index >= 0)
		snprintf(text, sizeof(text), "--%s", long_options[index].name);
	else
		snprintf(text, sizeof(text), "-%c", wrong ? optopt : letter);
	return text;
}

static _Noreturn void misuse_option(const char *option)
{
	if (option[1] == '-')
		misuse("%s: no such option", option);
	misuse("%s: no such option (what begins with - and is none follows --)",
	       option);
}

/*
 * Split off the arguments after "--", which are those of a script. For other commands
 * getopt_long() handles a "--".
 */
static int split_args(struct options *opt, int argc, char **argv)
{
	int i;

	if (command->run != cmd_run)
		return argc;
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		opt->args = argv + i + 1;
		opt->argc = argc - i - 1;
		return i;
	}
	return argc;
}

/*
 * If no script comes before the first "--", that one ends the options, as in other
 * programs: the words up to another "--" are STATE and FILE, which may begin with a
 * dash.
 */
static int take_words(struct options *opt, char ***words)
{
	int count;

	for (count = 0; count < opt->argc; count++)
		if (!strcmp(opt->args[count], "--"))
			break;
	*words = opt->args;
	opt->argc -= count + (count < opt->argc);
	opt->args += count + 1;
	return count;
}

/* Parse the options. Returns the index of the word behind them. */
static int parse_options(struct options *opt, int argc, char **argv)
{
	int letter, index = -1;

	optind = 0;
	/* A ':' first in LETTERS leaves messages about wrong options to us. */
	while ((letter = getopt_long(argc, argv, LETTERS, long_options,
				     &index)) != -1) {
		if (letter == 'h') {
			tell_help(command, json_wanted());
			finish(EXIT_OK);
		}
		if (letter == ':')
			misuse("%s needs a value",
			       wrong_option(argv, letter, -1));
		if (letter == '?' || !takes(command, letter))
			misuse_option(wrong_option(argv, letter, index));
		set_option(opt, letter, argv);
		index = -1;
	}
	return optind;
}

static int run_command(int argc, char **argv)
{
	struct options opt = {
		.kind = KLUA_BUILD_KIND_SAME,
		.json = all_json && strchr(command->options, 'j'),
	};
	char **words;
	int count;

	argc = split_args(&opt, argc, argv);
	words = argv + parse_options(&opt, argc, argv);
	count = argv + argc - words;
	if (opt.args && !opt.code && !count)
		count = take_words(&opt, &words);
	if (count < command->least)
		misuse("%s needs %s", command->name, command->usage);
	if (count > command->most)
		misuse("too many arguments: '%s'%s", words[command->most],
		       command->run == cmd_run ? SCRIPT_ARGS : "");
	return command->run(&opt, words, count);
}

/*
 * Run a script that begins with "#!/usr/bin/env klua": its path and arguments are the
 * words.
 */
static int run_interpreter(int argc, char **argv)
{
	struct options opt = {
		.kind = KLUA_BUILD_KIND_SAME,
		.json = all_json,
		.args = argv + 1,
		.argc = argc - 1,
	};

	command = find_command("run");
	return cmd_run(&opt, argv, 1);
}

/*
 * Is --json among the options? Looked for first, so that an error in a word before it
 * is told as JSON.
 */
static bool wants_json(int argc, char **argv)
{
	bool found = all_json;
	char **copy;
	int letter, count;

	for (count = 0; count < argc && strcmp(argv[count], "--"); count++)
		;
	copy = allocate(NULL, (count + 1) * sizeof(*copy));
	memcpy(copy, argv, count * sizeof(*copy));
	copy[count] = NULL;
	optind = 0;
	while ((letter = getopt_long(count, copy, LETTERS, long_options,
				     NULL)) != -1)
		found |= letter == 'j' || letter == 'p';
	free(copy);
	return found;
}

static bool is_pretty(const char *word)
{
	return !strcmp(word, "-p") || !strcmp(word, "--pretty");
}

/*
 * --json before the command, as in other tools: for all commands that can answer with
 * JSON
 */
static bool is_json(const char *word)
{
	return !strcmp(word, "-j") || !strcmp(word, "--json") || is_pretty(word);
}

static int show_version(void)
{
	struct json_object *object;

	if (!json_wanted()) {
		puts("klua " TOOL_VERSION);
		return EXIT_OK;
	}
	object = json_object_new_object();
	json_add(object, "version", json_object_new_string(TOOL_VERSION));
	json_show(object);
	return EXIT_OK;
}

/* Run the command in argv, of which argv[0] is not looked at. */
static int run_words(int argc, char **argv)
{
	const char *word;

	for (; argc > 2 && is_json(argv[1]); argc--, argv++) {
		all_json = true;
		all_pretty |= is_pretty(argv[1]);
	}
	word = argv[1];
	if (argc == 2 && is_json(word)) {
		set_json(true, "klua");
		misuse("%s: a command follows it", word);
	}
	set_pretty(all_pretty);

	if (!find_command(word) && strchr(word, '/'))
		set_json(all_json, "run");
	else
		set_json(wants_json(argc, argv), word);
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		word = "help";
	if (!strcmp(word, "--version") || !strcmp(word, "-V"))
		return show_version();
	if (!strcmp(word, "-e")) {
		command = find_command("run");
		return run_command(argc, argv);
	}
	command = find_command(word);
	if (!command && strchr(word, '/'))
		return run_interpreter(argc - 1, argv + 1);
	if (!command && !access(word, F_OK))
		misuse("'%s' is no command; the file is ./%s", word, word);
	if (!command && !strcmp(word, "-"))
		misuse("'-' is no command; klua run - reads a script");
	if (!command)
		misuse("'%s' is no command", word);
	return run_command(argc - 1, argv + 1);
}

#define WORDS_MAX	64

static void skip_quoted(char **from, char **to)
{
	char quote = *(*from)++;

	while (**from && **from != quote) {
		if (quote == '"' && **from == '\\' && (*from)[1])
			(*from)++;
		*(*to)++ = *(*from)++;
	}
	if (!**from)
		misuse("there is no end to a %c", quote);
	(*from)++;
}

/* Split the next word off a line, in place. NULL: there is none. */
static char *next_word(char **line)
{
	char *from = *line + strspn(*line, " \t\r\n"), *word = from, *to = from;
	bool more;

	if (!*from || *from == '#')
		return NULL;
	while (*from && !strchr(" \t\r\n", *from)) {
		if (*from == '\'' || *from == '"') {
			skip_quoted(&from, &to);
			continue;
		}
		if (*from == '\\' && !from[1 + strspn(from + 1, "\r\n")])
			misuse("a \\ ends the line, and a command has one line only");
		if (*from == '\\')
			from++;
		*to++ = *from++;
	}
	more = *from;
	*to = '\0';
	*line = from + more;
	return word;
}

static int split_line(char *line, char **words)
{
	int count = 1;

	words[0] = (char *)"klua";
	while (count < WORDS_MAX - 1) {
		words[count] = next_word(&line);
		if (!words[count])
			return count;
		count++;
	}
	misuse("more than %d words", WORDS_MAX - 2);
}

/* Batches that run each other; one that runs itself would do so for ever. */
#define DEPTH_MAX	8

static unsigned int batch_depth;

static void on_interrupt(int sig)
{
	interrupted = 1;
}

/* Wait for a command's process. Returns its exit status. */
static int wait_for_line(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail(EXIT_REFUSED, "waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/* Called in a command's process, which is to end when the batch ends in any way. */
static void end_with(pid_t batch)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != batch)
		_exit(EXIT_REFUSED);
}

/*
 * Run a line of the batch in a process of its own, since a command may end its process,
 * which destroys its states. The interrupt key goes to both processes: the batch ends
 * after the command has, or the command's last output would come behind the shell's
 * prompt.
 */
static int run_line(int argc, char **argv)
{
	struct sigaction old, action = { .sa_handler = on_interrupt };
	pid_t pid, batch = getpid();
	int status;

	check_output();
	sigaction(SIGINT, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &action, NULL);
	pid = fork();
	if (pid < 0)
		fail(EXIT_REFUSED, "cannot fork: %s", strerror(errno));
	if (!pid) {
		end_with(batch);
		sigaction(SIGINT, &old, NULL);
		finish(interrupted ? EXIT_INTERRUPTED : run_words(argc, argv));
	}
	status = wait_for_line(pid);
	sigaction(SIGINT, &old, NULL);
	return status || !interrupted ? status : EXIT_INTERRUPTED;
}

/* Run a line. One that cannot be split ends the batch, even with --continue. */
static int run_text(char *line, size_t len, bool first, char **words)
{
	int count;

	if (strlen(line) != len)
		misuse("there is a NUL in the line");
	/* The mark that some editors begin a file with */
	if (first && !strncmp(line, "\xef\xbb\xbf", 3))
		line += 3;
	count = split_line(line, words);
	return count > 1 ? run_line(count, words) : EXIT_OK;
}

/* Does the batch end here? After the interrupt key it does, even with --continue. */
static bool batch_ends(const struct options *opt, int status)
{
	return status == EXIT_INTERRUPTED || (status && !opt->go_on);
}

static int cmd_batch(const struct options *opt, char **args, int count)
{
	FILE *file = strcmp(args[0], "-") ? fopen(args[0], "re") : stdin;
	char *line = NULL, *words[WORDS_MAX];
	int status, worst = EXIT_OK;
	unsigned int number = 0;
	size_t size = 0;
	ssize_t len;

	if (!file)
		fail(EXIT_USAGE, "%s: %s", args[0], strerror(errno));
	/*
	 * Unbuffered, so that a command may read from the input what follows its line.
	 */
	if (file == stdin)
		setvbuf(stdin, NULL, _IONBF, 0);
	if (++batch_depth > DEPTH_MAX)
		fail(EXIT_USAGE, "%s: more than %d batches run each other; does one run itself?",
		     args[0], DEPTH_MAX);
	all_json = opt->json;
	all_pretty = json_is_pretty();
	while (!batch_ends(opt, worst) && (len = getline(&line, &size, file)) >= 0) {
		set_where(args[0], ++number);
		status = run_text(line, len, number == 1, words);
		worst = worst ?: status;
		if (status == EXIT_INTERRUPTED)
			worst = status;
	}
	if (ferror(file))
		fail(EXIT_USAGE, "%s: %s", args[0], strerror(errno));
	free(line);
	if (file != stdin)
		fclose(file);
	return worst;
}

int main(int argc, char **argv)
{
	open_descriptors();
	if (argc < 2) {
		overview();
		finish(EXIT_USAGE);
	}
	finish(run_words(argc, argv));
}
