// SPDX-License-Identifier: GPL-2.0-only
/*
 * Line by line: the values of expressions are shown, statements are run, and
 * what is not complete yet goes on in the next line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <editline/readline.h>

#include "tool.h"

/* What the wrapper below returns for a text that may go on. */
#define INCOMPLETE	"\033incomplete"

/*
 * One request for each line, and none that fails unless the line does: the
 * text is compiled inside the state, as an expression if it is one.
 */
static const char before[] =
	"local text, name = '";
static const char after[] =
	"', '=repl'\n"
	"local f = load('return ' .. text, name)\n"
	"local why\n"
	"if not f then f, why = load(text, name) end\n"
	"if f then return f() end\n"
	"if why:find('<eof>$') then return '\\27incomplete' end\n"
	"error(why, 0)";

/* Put @text between quotes: everything but letters and digits by number. */
static struct bytes wrap(const char *text)
{
	char *buf = malloc(sizeof(before) + sizeof(after) + 4 * strlen(text));
	char *p = buf;

	if (!buf) {
		perror("klua");
		exit(EXIT_REFUSED);
	}
	p = stpcpy(p, before);
	for (; *text; text++)
		p += sprintf(p, "\\%03u", (unsigned char)*text);
	p = stpcpy(p, after);
	return (struct bytes){ .data = buf, .len = p - buf };
}

static char *history_file(void)
{
	const char *home = getenv("HOME");
	char *path;

	if (!home || asprintf(&path, "%s/.klua_history", home) < 0)
		return NULL;
	return path;
}

/* The next line without its newline, or NULL. */
static char *read_line(bool tty, const char *prompt)
{
	size_t size = 0;
	char *line = NULL;
	ssize_t len;

	if (tty)
		return readline(prompt);
	len = getline(&line, &size, stdin);
	if (len < 0) {
		free(line);
		return NULL;
	}
	if (len && line[len - 1] == '\n')
		line[len - 1] = '\0';
	return line;
}

static char *append(char *text, char *line)
{
	char *all;

	if (!text)
		return line;
	if (asprintf(&all, "%s\n%s", text, line) < 0) {
		perror("klua");
		exit(EXIT_REFUSED);
	}
	free(text);
	free(line);
	return all;
}

/*
 * The main thread is in the kernel while a script runs. So another one waits
 * for the interrupt key and has the script cancelled.
 */
static struct ref running;

static void *canceller(void *unused)
{
	struct link *link = link_open();
	struct nlmsghdr *nlh;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	while (!sigwait(&set, &sig)) {
		nlh = link_request(link, KLUA_CMD_CANCEL, NLM_F_ACK, 0);
		link_put_ref(nlh, &running);
		link_do(link, nlh, NULL, NULL);
	}
	return unused;
}

static void start_canceller(const struct ref *state)
{
	pthread_t thread;
	sigset_t set;
	int err;

	running = *state;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	err = pthread_create(&thread, NULL, canceller, NULL);
	if (err) {
		fprintf(stderr, "klua: %s\n", strerror(err));
		exit(EXIT_REFUSED);
	}
	pthread_detach(thread);
}

/* Run one text; *more tells that it is not complete. 0 or -errno. */
static int evaluate(struct link *link, const struct ref *state,
		    const char *text, bool *more, int *status)
{
	struct script script = {
		.state = *state,
		.chunkname = "=repl",
		.output_max = KLUA_OUTPUT_MAX,
	};
	struct outcome outcome;
	int err;

	script.text = wrap(text);
	err = script_run(link, &script, &outcome);
	free((char *)script.text.data);
	*more = !err && outcome.count == 1 && outcome.results &&
		!strcmp(outcome.results, INCOMPLETE);
	if (!err && !*more)
		*status = script_show(&outcome);
	free(outcome.results);
	return err;
}

/* Until the end of the input: the exit status. */
int repl(struct link *link, const struct ref *state)
{
	char *path = history_file(), *text = NULL, *line;
	bool tty = isatty(STDIN_FILENO), more;
	int status = EXIT_OK, err = 0;

	if (tty) {
		puts("Lua 5.3 in the kernel. Ctrl-C stops a script, Ctrl-D ends.");
		using_history();
		if (path)
			read_history(path);
	}
	start_canceller(state);
	while (!err) {
		line = read_line(tty, text ? ">> " : "> ");
		if (!line)
			break;
		if (tty && *line)
			add_history(line);
		text = append(text, line);
		err = evaluate(link, state, text, &more, &status);
		if (more)
			continue;
		free(text);
		text = NULL;
	}
	if (text && !err) {
		fprintf(stderr, "klua: the input ends inside a statement\n");
		status = EXIT_SCRIPT;
	}
	free(text);
	if (tty) {
		if (!line)
			putchar('\n');
		if (path)
			write_history(path);
	}
	free(path);
	if (err)
		return complain(link, "the script cannot be run", err);
	return tty ? EXIT_OK : status;
}
