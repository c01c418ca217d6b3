// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua: see and drive Lua states in the kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

/* What the options of one command said. */
struct options {
	bool json;
	bool id;
	bool force;
	u64 memory;
	u64 steps;
	u64 output;
	double watch;
	const char *code;
};

struct command {
	const char *name;
	const char *options;	/* which of the letters below it takes */
	int least, most;	/* arguments */
	int (*run)(const struct options *opt, char **args, int count);
	const char *usage;
	const char *help;
};

static const struct command *command;

static const struct {
	char letter;
	const char *usage;
} option_help[] = {
	{ 'e', "  -e, --execute CODE   the script itself\n" },
	{ 'f', "  -f, --force          also if a kernel module made it\n" },
	{ 'i', "  -i, --id             STATE is a number, not a name\n" },
	{ 'j', "  -j, --json           JSON instead of text\n" },
	{ 'm', "  -m, --memory SIZE    bytes it may hold: 65536, 64K, 1M, ...\n" },
	{ 'o', "  -o, --output SIZE    bytes of printed text to keep (1M)\n" },
	{ 's', "  -s, --steps N        steps a run may take, or unlimited\n" },
	{ 'w', "  -w, --watch[=SECS]   again and again (every second)\n" },
};

static const struct option long_options[] = {
	{ "execute", required_argument, NULL, 'e' },
	{ "force", no_argument, NULL, 'f' },
	{ "id", no_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "memory", required_argument, NULL, 'm' },
	{ "output", required_argument, NULL, 'o' },
	{ "steps", required_argument, NULL, 's' },
	{ "watch", optional_argument, NULL, 'w' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static _Noreturn void misuse(const char *format, ...)
{
	va_list args;

	fputs("klua: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry: klua %s%s--help\n", command ? command->name : "",
		command ? " " : "");
	exit(EXIT_USAGE);
}

static int status_of(int err)
{
	switch (err) {
	case -ENOENT:
		return EXIT_NO_STATE;
	case -EPERM:
	case -EACCES:
		return EXIT_NO_RIGHT;
	default:
		return EXIT_REFUSED;
	}
}

/* Say why a request failed, in the kernel's words if it had any. */
int complain(struct link *link, const char *what, int err)
{
	const char *message = link_message(link);

	if (message)
		fprintf(stderr, "klua: %s: %s\n", what, message);
	else
		fprintf(stderr, "klua: %s: %s\n", what, strerror(-err));
	return status_of(err);
}

static u64 parse_size(const char *word)
{
	static const char units[] = "KMGT";
	unsigned int shift = 0;
	const char *unit;
	u64 size;
	char *end;

	errno = 0;
	size = strtoull(word, &end, 10);
	if (end != word && *end) {
		unit = strchr(units, *end & ~0x20);
		shift = unit ? 10 * (unit - units + 1) : 0;
		end += unit ? 1 : 0;
	}
	if (end == word || *end || *word == '-' || errno ||
	    size > U64_MAX >> shift)
		misuse("'%s' is no size, such as 65536, 64K or 1M", word);
	return size << shift;
}

static u64 parse_steps(const char *word)
{
	u64 steps;
	char *end;

	if (!strcmp(word, "unlimited"))
		return U64_MAX;
	errno = 0;
	steps = strtoull(word, &end, 10);
	if (end == word || *end || *word == '-' || errno || !steps)
		misuse("'%s' is no number of steps", word);
	return steps;
}

static double parse_seconds(const char *word)
{
	char *end;
	double seconds = strtod(word, &end);

	if (end == word || *end || !(seconds >= 0.1 && seconds <= 86400))
		misuse("'%s' is no time between 0.1 and 86400 seconds", word);
	return seconds;
}

static void set_option(struct options *opt, int letter)
{
	switch (letter) {
	case 'e':
		opt->code = optarg;
		break;
	case 'f':
		opt->force = true;
		break;
	case 'i':
		opt->id = true;
		break;
	case 'j':
		opt->json = true;
		break;
	case 'm':
		opt->memory = parse_size(optarg);
		if (!opt->memory)
			misuse("a state needs memory");
		break;
	case 'o':
		opt->output = parse_size(optarg);
		if (!opt->output || opt->output > KLUA_OUTPUT_MAX)
			misuse("output is kept up to 1M, and at least a byte");
		break;
	case 's':
		opt->steps = parse_steps(optarg);
		break;
	case 'w':
		opt->watch = optarg ? parse_seconds(optarg) : 1;
		break;
	}
}

static struct ref parse_ref(const struct options *opt, const char *word)
{
	struct ref ref = { .name = word };
	unsigned long id;
	char *end;

	if (!opt->id) {
		if (!*word || strlen(word) > KLUA_NAME_LEN)
			misuse("a name has 1 to %d bytes", KLUA_NAME_LEN);
		return ref;
	}
	errno = 0;
	id = strtoul(word, &end, 10);
	if (end == word || *end || *word == '-' || errno || !id ||
	    id > U32_MAX)
		misuse("'%s' is no number of a state", word);
	ref.name = NULL;
	ref.id = id;
	return ref;
}

static void show_help(const struct command *c)
{
	unsigned int i;

	printf("usage: klua %s%s%s\n\n%s\n\n", c->name, *c->usage ? " " : "",
	       c->usage, c->help);
	for (i = 0; i < ARRAY_SIZE(option_help); i++)
		if (strchr(c->options, option_help[i].letter))
			fputs(option_help[i].usage, stdout);
	puts("  -h, --help           this text");
}

static int cmd_list(const struct options *opt, char **args, int count)
{
	struct link *link = link_open();

	return show_list(link, opt->json);
}

static int cmd_info(const struct options *opt, char **args, int count)
{
	struct link *link = link_open();

	return show_info(link, opt->json);
}

static int cmd_show(const struct options *opt, char **args, int count)
{
	struct ref state = parse_ref(opt, args[0]);
	struct link *link = link_open();

	return show_state(link, &state, opt->json);
}

static int cmd_create(const struct options *opt, char **args, int count)
{
	bool json = opt->json;
	struct link *link;
	int err;

	parse_ref(&(struct options){ }, args[0]);
	link = link_open();
	err = make_state(link, args[0], opt->memory, opt->steps, false,
			 show_created, &json);
	return err ? complain(link, "cannot create the state", err) : EXIT_OK;
}

/* A request about a state that is answered with success or failure only. */
static int simple(u8 cmd, const struct options *opt, const char *word,
		  const char *failure)
{
	struct ref state = parse_ref(opt, word);
	struct link *link = link_open();
	struct nlmsghdr *nlh = link_request(link, cmd, NLM_F_ACK, 0);
	int err;

	link_put_ref(nlh, &state);
	if (opt->force)
		mnl_attr_put(nlh, KLUA_A_STATE_FORCE, 0, NULL);
	if (opt->memory)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_MEMORY_MAX, opt->memory);
	if (opt->steps)
		mnl_attr_put_u64(nlh, KLUA_A_STATE_STEPS_MAX, opt->steps);
	err = link_do(link, nlh, NULL, NULL);
	return err ? complain(link, failure, err) : EXIT_OK;
}

static int cmd_destroy(const struct options *opt, char **args, int count)
{
	return simple(KLUA_CMD_STATE_DESTROY, opt, args[0],
		      "cannot destroy the state");
}

static int cmd_cancel(const struct options *opt, char **args, int count)
{
	return simple(KLUA_CMD_CANCEL, opt, args[0], "cannot cancel");
}

static int cmd_set(const struct options *opt, char **args, int count)
{
	if (!opt->memory && !opt->steps)
		misuse("--memory or --steps says what to set");
	return simple(KLUA_CMD_STATE_SET, opt, args[0],
		      "cannot set the limits");
}

/* A whole file, or as much as shows that it is too large. */
static struct bytes read_file(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *buf = malloc(KLUA_SCRIPT_MAX + 1);
	struct bytes text = { .data = buf };

	if (!buf || !file) {
		fprintf(stderr, "klua: %s: %s\n", path, strerror(errno));
		exit(EXIT_USAGE);
	}
	text.len = fread(buf, 1, KLUA_SCRIPT_MAX + 1, file);
	if (ferror(file)) {
		fprintf(stderr, "klua: %s: %s\n", path, strerror(errno));
		exit(EXIT_USAGE);
	}
	if (text.len > KLUA_SCRIPT_MAX) {
		fprintf(stderr, "klua: %s: larger than 1 MiB\n", path);
		exit(EXIT_USAGE);
	}
	if (file != stdin)
		fclose(file);
	return text;
}

/* A first line that is for the shell; its end stays, so lines keep numbers. */
static void skip_interpreter(struct bytes *text)
{
	const char *end;

	if (!text->len || text->data[0] != '#')
		return;
	end = memchr(text->data, '\n', text->len);
	text->len -= end ? (size_t)(end - text->data) : text->len;
	text->data = end;
}

/* A state of one's own, which ends with this program however that ends. */
static int fresh_state(struct link *link, const char *what,
		       const struct options *opt, char *name, size_t size)
{
	int i, err;

	for (i = 1, err = -EEXIST; err == -EEXIST && i <= 100; i++) {
		if (i == 1)
			snprintf(name, size, "%s-%d", what, (int)getpid());
		else
			snprintf(name, size, "%s-%d.%d", what, (int)getpid(),
				 i);
		err = make_state(link, name, opt->memory, opt->steps, true,
				 NULL, NULL);
	}
	return err;
}

static void no_limits_with_state(const struct options *opt)
{
	if (opt->memory || opt->steps)
		misuse("--memory and --steps are for a fresh state; see klua set");
}

static int cmd_run(const struct options *opt, char **args, int count)
{
	bool named = count == (opt->code ? 1 : 2);
	char name[KLUA_NAME_LEN + 1], chunkname[256];
	struct script script = {
		.state.name = name,
		.chunkname = chunkname,
		.output_max = opt->output ?: KLUA_OUTPUT_MAX,
	};
	struct outcome outcome;
	struct link *link;
	int err;

	if (count > (opt->code ? 1 : 2) || (!opt->code && !count))
		misuse(count ? "too many arguments" : "which script?");
	if (opt->code) {
		script.text.data = opt->code;
		script.text.len = strlen(opt->code);
		strcpy(chunkname, "=(command line)");
		if (script.text.len > KLUA_SCRIPT_MAX)
			misuse("the script is larger than 1 MiB");
	} else {
		script.text = read_file(args[count - 1]);
		skip_interpreter(&script.text);
		if (strcmp(args[count - 1], "-"))
			snprintf(chunkname, sizeof(chunkname), "@%s",
				 args[count - 1]);
		else
			strcpy(chunkname, "=stdin");
	}
	if (named) {
		no_limits_with_state(opt);
		script.state = parse_ref(opt, args[0]);
	}
	link = link_open();
	if (!named) {
		err = fresh_state(link, "run", opt, name, sizeof(name));
		if (err)
			return complain(link, "cannot create a state", err);
	}
	catch_interrupts(true);
	err = script_run(link, &script, &outcome);
	if (err)
		err = complain(link, "cannot run the script", err);
	else
		err = script_show(&outcome);
	return interrupted ? EXIT_INTERRUPTED : err;
}

static int cmd_repl(const struct options *opt, char **args, int count)
{
	char name[KLUA_NAME_LEN + 1];
	struct ref state = { .name = name };
	struct link *link;
	int err;

	if (count) {
		no_limits_with_state(opt);
		state = parse_ref(opt, args[0]);
	}
	link = link_open();
	if (!count) {
		err = fresh_state(link, "repl", opt, name, sizeof(name));
		if (err)
			return complain(link, "cannot create a state", err);
	}
	return repl(link, &state);
}

static int cmd_stats(const struct options *opt, char **args, int count)
{
	struct timespec pause = {
		.tv_sec = opt->watch,
		.tv_nsec = (opt->watch - (long)opt->watch) * 1e9,
	};
	struct ref state;
	struct link *link;
	int status;

	if (count)
		state = parse_ref(opt, args[0]);
	link = link_open();
	do {
		if (opt->watch && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		status = show_stats(link, count ? &state : NULL, opt->json);
		fflush(stdout);
		if (opt->watch)
			nanosleep(&pause, NULL);
	} while (opt->watch && !status && !ferror(stdout));
	return status;
}

static int cmd_monitor(const struct options *opt, char **args, int count)
{
	struct link *link = link_open();

	return monitor(link, opt->json);
}

static const struct command commands[] = {
	{ "list", "j", 0, 0, cmd_list, "[--json]",
	  "Lists the states, a line each." },
	{ "show", "ij", 1, 1, cmd_show, "[--json] [--id] STATE",
	  "Shows all about a state." },
	{ "create", "jms", 1, 1, cmd_create,
	  "[--memory SIZE] [--steps N] [--json] NAME",
	  "Makes a state, with 1M of memory unless told otherwise." },
	{ "destroy", "fi", 1, 1, cmd_destroy, "[--force] [--id] STATE",
	  "Destroys a state that nobody holds." },
	{ "run", "eimos", 0, 2, cmd_run,
	  "[--memory SIZE] [--steps N] [--output SIZE] {FILE|-|-e CODE}\n"
	  "       klua run [--output SIZE] [--id] STATE {FILE|-|-e CODE}",
	  "Runs a script, in a fresh state when none is named, and shows what it\n"
	  "prints and returns. Ctrl-C ends it." },
	{ "repl", "ims", 0, 1, cmd_repl,
	  "[--memory SIZE] [--steps N]\n"
	  "       klua repl [--id] STATE",
	  "Runs what is typed, line by line, and shows the values of expressions." },
	{ "cancel", "i", 1, 1, cmd_cancel, "[--id] STATE",
	  "Ends what runs in a state." },
	{ "set", "ims", 1, 1, cmd_set,
	  "[--memory SIZE] [--steps N] [--id] STATE",
	  "Changes the limits of a state." },
	{ "stats", "ijw", 0, 1, cmd_stats,
	  "[--watch[=SECS]] [--json] [[--id] STATE]",
	  "Shows what states have done and which limits they hit. Time is measured\n"
	  "while the module's parameter stats is on." },
	{ "monitor", "j", 0, 0, cmd_monitor, "[--json]",
	  "Shows states come, go, fail and hit limits, as it happens." },
	{ "info", "j", 0, 0, cmd_info, "[--json]",
	  "Shows the module's version and limits." },
};

#define COMMANDS	(ARRAY_SIZE(commands))

static void overview(void)
{
	unsigned int i;

	puts("usage: klua COMMAND [OPTION]... [ARGUMENT]...\n"
	     "       klua -e CODE\n\n"
	     "Sees and drives the Lua states in the kernel.\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %.*s\n", commands[i].name,
		       (int)strcspn(commands[i].help, "\n"), commands[i].help);
	puts("\nklua COMMAND --help says more. Exit status: 0 success, 1 the script failed,\n"
	     "2 wrong usage, 3 no such state, 4 no right, 5 the module is not loaded,\n"
	     "6 refused for another reason, 130 ended by Ctrl-C.");
}

static int run_command(int argc, char **argv)
{
	struct options opt = { };
	int letter;

	/* The ':' comes first so that what is wrong is told here. */
	while ((letter = getopt_long(argc, argv, ":e:fijm:o:s:w::h",
				     long_options, NULL)) != -1) {
		if (letter == 'h') {
			show_help(command);
			return EXIT_OK;
		}
		if (letter == ':')
			misuse("%s needs a value", argv[optind - 1]);
		if (letter == '?' || !strchr(command->options, letter))
			misuse("%s: no such option", argv[optind - 1]);
		set_option(&opt, letter);
	}
	if (argc - optind < command->least)
		misuse("%s needs %s", command->name, command->usage);
	if (argc - optind > command->most)
		misuse("too many arguments");
	return command->run(&opt, argv + optind, argc - optind);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";
	unsigned int i;
	int status;

	if (!strcmp(word, "--help") || !strcmp(word, "-h") ||
	    !strcmp(word, "help")) {
		overview();
		return argc > 1 ? EXIT_OK : EXIT_USAGE;
	}
	if (!strcmp(word, "-e"))
		word = "run";
	else
		argc--, argv++;
	for (i = 0; i < COMMANDS && !command; i++)
		if (!strcmp(word, commands[i].name))
			command = &commands[i];
	if (!command)
		misuse("'%s' is no command", word);
	status = run_command(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "klua: cannot write the output\n");
		return EXIT_REFUSED;
	}
	return status;
}
