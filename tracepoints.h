/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: klua:create, klua:destroy, klua:run_begin, klua:run_end,
 * klua:error, klua:limit, klua:print.
 *
 * Names and texts come from scripts. Programs that read a trace print them
 * unchanged, so they are escaped here, and cut to the size of a record's field.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM klua

#if !defined(KLUA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KLUA_TRACE_H

#include <linux/tracepoint.h>

#include "internal.h"

#define KLUA_TRACE_TEXT	256

DECLARE_EVENT_CLASS(klua_state,
		    TP_PROTO(const struct klua_state *s),
		    TP_ARGS(s),
		    TP_STRUCT__entry(__field(u32, id)
				     __array(char, name, KLUA_NAME_MAXSIZE)
				     __field(size_t, memory)
				     __field(size_t, memory_max)),
		    TP_fast_assign(__entry->id = s->id;
				   klua_escape_name(__entry->name, s);
				   __entry->memory = s->curralloc;
				   __entry->memory_max = s->maxalloc;),
		    TP_printk("id=%u name=%s memory=%zu memory_max=%zu",
			      __entry->id, __entry->name, __entry->memory,
			      __entry->memory_max));

DEFINE_EVENT(klua_state, create,
	     TP_PROTO(const struct klua_state *s),
	     TP_ARGS(s));
DEFINE_EVENT(klua_state, destroy,
	     TP_PROTO(const struct klua_state *s),
	     TP_ARGS(s));

/*
 * Tracing run_begin or run_end turns on klua_watched, the one static key that entries
 * look at.
 */
DEFINE_EVENT_FN(klua_state, run_begin,
		TP_PROTO(const struct klua_state *s),
		TP_ARGS(s),
		klua_watch, klua_unwatch);

TRACE_EVENT_FN(run_end,
	       TP_PROTO(const struct klua_state *s, u64 steps, int stopped),
	       TP_ARGS(s, steps, stopped),
	       TP_STRUCT__entry(__field(u32, id)
				__array(char, name, KLUA_NAME_MAXSIZE)
				__field(u64, steps)
				__field(int, stopped)),
	       TP_fast_assign(__entry->id = s->id;
			      klua_escape_name(__entry->name, s);
			      __entry->steps = steps;
			      __entry->stopped = stopped;),
	       TP_printk("id=%u name=%s steps=%llu stopped=%d", __entry->id,
			 __entry->name, __entry->steps, __entry->stopped),
	       klua_watch, klua_unwatch);

TRACE_EVENT(limit,
	    TP_PROTO(const struct klua_state *s, enum klua_limit which),
	    TP_ARGS(s, which),
	    TP_STRUCT__entry(__field(u32, id)
			     __array(char, name, KLUA_NAME_MAXSIZE)
			     __field(unsigned int, which)),
	    TP_fast_assign(__entry->id = s->id;
			   klua_escape_name(__entry->name, s);
			   __entry->which = which;),
	    TP_printk("id=%u name=%s limit=%s", __entry->id, __entry->name,
		      __print_symbolic(__entry->which, { 0, "steps" },
				       { 1, "time" }, { 2, "memory" },
				       { 3, "stack" }, { 4, "cancel" },
				       { 5, "signal" })));

DECLARE_EVENT_CLASS(klua_text,
		    TP_PROTO(const struct klua_state *s, int err,
			     const char *text, size_t len),
		    TP_ARGS(s, err, text, len),
		    TP_STRUCT__entry(__field(u32, id)
				     __array(char, name, KLUA_NAME_MAXSIZE)
				     __field(int, err)
				     __array(char, text, KLUA_TRACE_TEXT)),
		    TP_fast_assign(__entry->id = s->id;
				   klua_escape_name(__entry->name, s);
				   __entry->err = err;
				   klua_escape(__entry->text, KLUA_TRACE_TEXT,
					       text, len);),
		    TP_printk("id=%u name=%s errno=%d text=%s", __entry->id,
			      __entry->name, __entry->err, __entry->text));

DEFINE_EVENT(klua_text, error,
	     TP_PROTO(const struct klua_state *s, int err, const char *text,
		      size_t len),
	     TP_ARGS(s, err, text, len));
DEFINE_EVENT_PRINT(klua_text, print,
		   TP_PROTO(const struct klua_state *s, int err,
			    const char *text, size_t len),
		   TP_ARGS(s, err, text, len),
		   TP_printk("id=%u name=%s text=%s", __entry->id,
			     __entry->name, __entry->text));

#endif /* KLUA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tracepoints
#include <trace/define_trace.h>
