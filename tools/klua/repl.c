// SPDX-License-Identifier: GPL-2.0-only
/*
 * Line by line: the values of expressions are shown, statements are run, and
 * what is not complete yet goes on in the next line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <editline/readline.h>

#include "tool.h"

static char *history_file(void)
{
	const char *home = getenv("HOME");
	char *path;

	if (!home || asprintf(&path, "%s/.klua_history", home) < 0)
		return NULL;
	return path;
}

/*
 * A key for the line editor. The interrupt key ends the line, and its reader
 * throws that away; the editor itself would go on as if nothing had happened.
 */
static int read_key(FILE *in)
{
	mbstate_t state = { 0 };
	wchar_t key;
	size_t used;
	ssize_t n;
	char byte;

	while (!interrupted) {
		n = read(fileno(in), &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		used = mbrtowc(&key, &byte, 1, &state);
		if (used == (size_t)-1)
			return (unsigned char)byte;
		if (used != (size_t)-2)
			return key;
	}
	fputs("^C", stdout);
	return '\n';
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
	size_t len;

	if (!text)
		return line;
	len = strlen(text);
	text = allocate(text, len + strlen(line) + 2);
	text[len] = '\n';
	strcpy(text + len + 1, line);
	free(line);
	return text;
}

/* Run one text; *more tells that it is not complete. 0 or -errno. */
static int evaluate(const struct script *session, const char *text, bool *more,
		    int *status)
{
	struct script script = *session;
	struct outcome outcome;
	int err;

	script.text.data = text;
	script.text.len = strlen(text);
	err = script_run(&script, &outcome);
	*more = !err && outcome.more;
	if (!err && !*more)
		*status = script_show(&outcome, false);
	if (err)
		*status = complain_script(&outcome, false, err,
					  "cannot run the script");
	outcome_free(&outcome);
	return err;
}

/* False, and said so, when there is no state to run anything in. */
static bool reachable(const struct script *session, int *status)
{
	bool more;

	return !evaluate(session, "", &more, status);
}

/* Until the end of the input: the exit status. */
int repl_run(const struct ref *state, u32 flags, u32 room)
{
	struct script session = {
		.state = *state,
		.chunkname = "=repl",
		.flags = flags | KLUA_RUN_INTERACTIVE,
		.room = room,
	};
	char *path = history_file(), *text = NULL, *line = NULL;
	bool tty = isatty(STDIN_FILENO), more;
	int status = EXIT_OK, err = 0;

	if (!reachable(&session, &status)) {
		free(path);
		return status;
	}
	if (tty) {
		puts("Lua 5.3 in the kernel. Ctrl-C stops a script, Ctrl-D ends.");
		setlocale(LC_CTYPE, "");
		rl_getc_function = read_key;
		catch_interrupts(false);
		using_history();
		if (path)
			read_history(path);
	}
	while (!err) {
		interrupted = 0;
		line = read_line(tty, text ? ">> " : "> ");
		if (!line)
			break;
		if (tty && *line && !interrupted)
			add_history(line);
		text = append(text, line);
		more = false;
		if (!interrupted)
			err = evaluate(&session, text, &more, &status);
		if (err && interrupted)
			err = 0;
		if (more)
			continue;
		free(text);
		text = NULL;
	}
	if (text && !err) {
		warn("the input ends inside a statement");
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
	return tty && !err ? EXIT_OK : status;
}
