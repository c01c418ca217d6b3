// SPDX-License-Identifier: GPL-2.0-only
/*
 * The prompt: reads lines, shows the values of expressions, runs statements. An
 * incomplete statement goes on in the next line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
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

/* Set when the key that suspends the program was pressed */
static volatile sig_atomic_t suspended;

static void on_suspend(int sig)
{
	suspended = 1;
}

static void catch_suspension(void)
{
	struct sigaction action = { .sa_handler = on_suspend };

	sigaction(SIGTSTP, &action, NULL);
}

/*
 * Suspend the program until it is continued. Meanwhile the terminal has the mode that
 * others expect.
 */
static void suspend(void)
{
	sigset_t stop, old;

	suspended = 0;
	rl_deprep_terminal();
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &old);
	/* The program stops here. */
	sigprocmask(SIG_SETMASK, &old, NULL);
	catch_suspension();
	rl_prep_terminal(1);
	rl_forced_update_display();
}

/* Wait for a key, without missing a signal. False: SIGINT came, which ends the line. */
static bool wait_for_key(int fd)
{
	struct pollfd key = { .fd = fd, .events = POLLIN };
	sigset_t keys, old;

	sigemptyset(&keys);
	sigaddset(&keys, SIGINT);
	sigaddset(&keys, SIGTSTP);
	sigprocmask(SIG_BLOCK, &keys, &old);
	do {
		if (suspended)
			suspend();
	} while (!interrupted && ppoll(&key, 1, NULL, &old) < 0 && errno == EINTR);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return !interrupted;
}

/* The prompt of a line, until it is shown */
static const char *awaited_prompt;

/*
 * Show the prompt when the first key is read, since the terminal is in the editor's mode
 * only then. What is typed at a prompt shown before that is the terminal's: it would echo
 * it, throw it away when the program is suspended, and take Ctrl-D for an end of input.
 */
static void show_prompt(void)
{
	if (!awaited_prompt)
		return;
	rl_set_prompt(awaited_prompt);
	awaited_prompt = NULL;
	rl_forced_update_display();
}

/*
 * Read a key for the line editor. The interrupt key ends the line, which repl_run()
 * then drops; readline itself would go on as if nothing had happened.
 */
static int read_key(FILE *in)
{
	mbstate_t state = { 0 };
	wchar_t key;
	size_t used;
	ssize_t n;
	char byte;

	show_prompt();
	while (wait_for_key(fileno(in))) {
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
	fflush(stdout);
	return '\n';
}

/*
 * Read a line, without its newline. The data is NULL at the end. A line of a file may
 * have a NUL.
 */
static struct bytes read_line(bool tty, const char *prompt)
{
	struct bytes bytes = { NULL, 0 };
	size_t size = 0;
	char *line = NULL;
	ssize_t len;

	if (tty) {
		awaited_prompt = prompt;
		bytes.data = readline("");
		bytes.len = bytes.data ? strlen(bytes.data) : 0;
		return bytes;
	}
	len = getline(&line, &size, stdin);
	if (len < 0) {
		if (ferror(stdin))
			fail(EXIT_USAGE, "cannot read the input: %s", strerror(errno));
		free(line);
		return bytes;
	}
	bytes.data = line;
	bytes.len = len - (len && line[len - 1] == '\n');
	return bytes;
}

/*
 * The line with "return " in the place of a "=" that it begins with, as lua5.3 has it.
 * No statement begins like that. Frees the line if it gives another one.
 */
static struct bytes expand_equals(struct bytes line)
{
	static const char word[] = "return ";
	const size_t len = sizeof(word) - 1;
	char *all;

	if (!line.len || line.data[0] != '=')
		return line;
	all = allocate(NULL, len + line.len);
	memcpy(all, word, len);
	memcpy(all + len, line.data + 1, line.len - 1);
	free((char *)line.data);
	return (struct bytes){ all, len + line.len - 1 };
}

/* Append a line to the text, and free the line. */
static void append(struct bytes *text, struct bytes line)
{
	char *all;

	if (!text->data) {
		*text = line;
		return;
	}
	all = allocate((char *)text->data, text->len + line.len + 1);
	all[text->len] = '\n';
	memcpy(all + text->len + 1, line.data, line.len);
	text->data = all;
	text->len += line.len + 1;
	free((char *)line.data);
}

static void forget(struct bytes *text)
{
	free((char *)text->data);
	text->data = NULL;
	text->len = 0;
}

/* Run one text. Sets *more if it is incomplete. Returns 0 or -errno. */
static int evaluate(const struct script *session, struct bytes text, bool *more,
		    int *status)
{
	struct script script = *session;
	struct outcome outcome;
	int err;

	script.text = text;
	err = script_run(&script, &outcome);
	*more = !err && outcome.more;
	if (!err && !*more)
		*status = script_show(&outcome, false);
	/* Lua's message does not show the NUL. */
	if (outcome.err == ENOEXEC && memchr(text.data, '\0', text.len))
		warn("there is a NUL in what was typed");
	if (err)
		*status = complain_script(&outcome, false, err,
					  "cannot run the script");
	outcome_free(&outcome);
	return err;
}

/* Can scripts be run in the state? If not, that was said. */
static bool reachable(const struct script *session, int *status)
{
	bool more;

	return !evaluate(session, (struct bytes){ "", 0 }, &more, status);
}

/* Read and run lines until the input ends. Returns the exit status. */
int repl_run(const struct ref *state, u32 flags, u32 room)
{
	struct script session = {
		.state = *state,
		.chunkname = "=repl",
		.flags = flags | KLUA_RUN_INTERACTIVE,
		.room = room,
	};
	struct bytes text = { NULL, 0 }, line = { NULL, 0 };
	char *path = history_file();
	bool tty = isatty(STDIN_FILENO), more;
	int status = EXIT_OK, err = 0;

	if (!reachable(&session, &status)) {
		free(path);
		return status;
	}
	if (tty) {
		puts("Lua 5.3 in the kernel. Ctrl-C stops a script, Ctrl-D ends.");
		setlocale(LC_CTYPE, "");
		rl_instream = plain_input;
		rl_outstream = plain_output;
		rl_getc_function = read_key;
		catch_interrupts(false);
		catch_suspension();
		using_history();
		if (path)
			read_history(path);
	}
	while (!err) {
		interrupted = 0;
		line = read_line(tty, text.data ? ">> " : "> ");
		if (!line.data)
			break;
		if (tty && line.len && !interrupted)
			add_history(line.data);
		if (!text.data)
			line = expand_equals(line);
		append(&text, line);
		more = false;
		if (!interrupted)
			err = evaluate(&session, text, &more, &status);
		if (err && interrupted)
			err = 0;
		if (!more)
			forget(&text);
	}
	if (text.data && !err) {
		warn("the input ends inside a statement");
		status = EXIT_SCRIPT;
	}
	forget(&text);
	if (tty) {
		if (!line.data)
			putchar('\n');
		if (path)
			write_history(path);
	}
	free(path);
	return tty && !err ? EXIT_OK : status;
}
