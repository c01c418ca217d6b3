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
			err = evaluate(link, state, text, &more, &status);
		if (err && interrupted) {
			complain(link, "the script did not run", err);
			err = 0;
		}
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
