// SPDX-License-Identifier: GPL-2.0-only
/*
 * dnsfilter: a packet filter whose policy is a Lua script.
 *
 * A netfilter hook lends each UDP packet to port 53 to the Lua function verdict() in
 * the state "dnsfilter", and accepts or drops the packet as that says. The firmware
 * loader reads the script: a policy is data that an administrator replaces without
 * compiling anything. The loader knows where the kernel's data is, lets security
 * modules refuse it, and MODULE_FIRMWARE() has it packed into initramfs images.
 *
 * The hook is LOCAL_IN because the server to be guarded runs on this host: forwarded
 * packets do not come there, and IPv4 fragments have been put together, so that a
 * question in fragments does not get past. A router would use FORWARD. The filter does
 * not see DNS over TCP nor, unless connection tracking is on, the second fragment of
 * an IPv6 packet.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <net/flow_dissector.h>

#include "states.h"

/*
 * The first fragment of a question is enough, and questions inside a tunnel are not
 * this host's.
 */
#define DISSECT		(FLOW_DISSECTOR_F_PARSE_1ST_FRAG | \
			 FLOW_DISSECTOR_F_STOP_AT_ENCAP)

static char *script = "dnsfilter.lua";
module_param(script, charp, 0444);
MODULE_PARM_DESC(script, "file below /lib/firmware with the policy (default dnsfilter.lua)");

/*
 * Open by default, because this list is no access control: if the script has a fault, a
 * host that resolves nothing is worse off than one that resolves unwanted names.
 */
static bool fail_open = true;
module_param(fail_open, bool, 0644);
MODULE_PARM_DESC(fail_open, "pass a packet for which the script fails (default on)");

/* Run after the script */
static const char check[] = "assert(verdict, 'it defines no function verdict()')";

static struct klua_state *state;
static struct klua_class packet_class;

/* packet:bytes(at, n): up to n bytes behind the first at bytes */
static int packet_bytes(lua_State *L)
{
	const struct sk_buff *skb = klua_object_check(L, 1, &packet_class);
	u32 at = clamp_t(lua_Integer, luaL_checkinteger(L, 2), 0, skb->len);
	u32 n = clamp_t(lua_Integer, luaL_checkinteger(L, 3), 0, skb->len - at);
	luaL_Buffer b;

	/* copies from the linear part, from page fragments and from the list */
	if (skb_copy_bits(skb, at, luaL_buffinitsize(L, &b, n), n))
		return luaL_error(L, "the packet is shorter than it says");
	luaL_pushresultsize(&b, n);
	return 1;
}

static const luaL_Reg methods[] = { { "bytes", packet_bytes }, {} };
static struct klua_class packet_class = { .name = "packet", .methods = methods };
static struct klua_class *const classes[] = { &packet_class, NULL };
static struct klua_lib lib = { .name = KBUILD_MODNAME, .classes = classes };

/* Ask the script. If it fails, fail_open is the answer. */
static bool accepted(struct sk_buff *skb, unsigned int offset)
{
	char why[128];
	struct klua_value accept = KLUA_RESULT_BOOLEAN;
	struct klua_call call = {
		.function = "verdict",
		KLUA_ARGS(KLUA_ARG_OBJECT(&packet_class, skb), KLUA_ARG_INTEGER(offset)),
		.results = &accept, .nresults = 1, .error = why, .error_size = sizeof(why),
	};
	int err = klua_state_invoke(state, &call);

	if (!err)
		return accept.boolean;
	pr_warn_ratelimited("no verdict, fail_open %d: %*pE (%pe)\n",
			    fail_open, (int)strlen(why), why, ERR_PTR(err));
	return fail_open;
}

static unsigned int filter(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *hook)
{
	struct flow_keys keys;

	if (skb_flow_dissect_flow_keys(skb, &keys, DISSECT) &&
	    keys.basic.ip_proto == IPPROTO_UDP && keys.ports.dst == htons(53) &&
	    !accepted(skb, keys.control.thoff))
		return NF_DROP;
	return NF_ACCEPT;
}

/* For the first network namespace only. NFPROTO_INET is IPv4 and IPv6. */
static const struct nf_hook_ops ops = {
	.hook = filter, .pf = NFPROTO_INET,
	.hooknum = NF_INET_LOCAL_IN, .priority = NF_IP_PRI_FILTER,
};

static int __init dnsfilter_init(void)
{
	struct klua_config config = {
		.name = KBUILD_MODNAME, .maxalloc = 1 << 20,
		KLUA_CHUNKS({ .firmware = script, .name = "=policy" },
			    { .text = check, .len = strlen(check) }),
	};
	int err = klua_lib_register(&lib);

	if (err)
		return err;
	state = klua_state_new(&config);	/* on failure the log says why */
	err = PTR_ERR_OR_ZERO(state) ?: nf_register_net_hook(&init_net, &ops);
	if (!err)
		return 0;
	if (!IS_ERR(state))
		klua_state_retire(state);
	klua_lib_unregister(&lib);
	return err;
}

static void __exit dnsfilter_exit(void)
{
	nf_unregister_net_hook(&init_net, &ops);
	/* a packet that met the hook before may still be in the script */
	synchronize_net();
	klua_state_retire(state);
	klua_lib_unregister(&lib);
}

module_init(dnsfilter_init);
module_exit(dnsfilter_exit);

KLUA_IMPORT_NS;
MODULE_FIRMWARE("dnsfilter.lua");
MODULE_DESCRIPTION("DNS packet filter with its policy in Lua");
MODULE_LICENSE("GPL");
