// SPDX-License-Identifier: GPL-2.0-only
/*
 * luapkt: each IPv4 packet to this host is passed as an object to the Lua function
 * policy(packet). If that returns false the packet is dropped; any other result, and
 * an error, lets it pass.
 *
 *	cat policy.lua > /dev/luapkt
 *
 * gives all processors a new policy; if that fails to load they keep the old one. Each
 * processor has a state of its own, so no packet waits for another one. A packet is
 * lent to Lua: if a policy keeps the object, later uses of it raise errors.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/miscdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <linux/uaccess.h>

#include "states.h"

#define POLICY_MAX	65536

static struct klua_class packet_class;

static struct sk_buff *packet_check(lua_State *L)
{
	return klua_object_check(L, 1, &packet_class);
}

/* The offset of the byte whose number, from 1 on, is argument 2 */
static u32 packet_offset(lua_State *L, const struct sk_buff *skb)
{
	lua_Integer i = luaL_checkinteger(L, 2);

	luaL_argcheck(L, i >= 1 && i <= skb->len, 2, "outside of the packet");
	return i - 1;
}

static int packet_len(lua_State *L)
{
	lua_pushinteger(L, packet_check(L)->len);
	return 1;
}

static int packet_byte(lua_State *L)
{
	struct sk_buff *skb = packet_check(L);
	u8 byte;

	if (skb_copy_bits(skb, packet_offset(L, skb), &byte, 1))
		return luaL_error(L, "the packet is shorter than it says");
	lua_pushinteger(L, byte);
	return 1;
}

/* packet:sub(i, j), like string.sub() */
static int packet_sub(lua_State *L)
{
	struct sk_buff *skb = packet_check(L);
	lua_Integer i = luaL_checkinteger(L, 2), j = luaL_optinteger(L, 3, -1);
	lua_Integer from = max_t(lua_Integer, i < 0 ? i + skb->len : i - 1, 0);
	lua_Integer to = min_t(lua_Integer, j < 0 ? j + skb->len + 1 : j, skb->len);
	size_t n = max_t(lua_Integer, to - from, 0);
	luaL_Buffer b;

	if (skb_copy_bits(skb, n ? from : 0, luaL_buffinitsize(L, &b, n), n))
		return luaL_error(L, "the packet is shorter than it says");
	luaL_pushresultsize(&b, n);
	return 1;
}

/* packet:set(i, byte); the policy has to keep checksums right */
static int packet_set(lua_State *L)
{
	struct sk_buff *skb = packet_check(L);
	u32 at = packet_offset(L, skb);
	lua_Integer byte = luaL_checkinteger(L, 3);

	luaL_argcheck(L, byte >= 0 && byte <= 255, 3, "not a byte");
	if (skb_ensure_writable(skb, at + 1))
		return luaL_error(L, "not enough memory for a packet of its own");
	skb->data[at] = byte;
	return 0;
}

static const luaL_Reg methods[] = {
	{ "len", packet_len }, { "__len", packet_len }, { "byte", packet_byte },
	{ "sub", packet_sub }, { "set", packet_set }, {}
};

static struct klua_class packet_class = { .name = "packet", .methods = methods };
static struct klua_class *const classes[] = { &packet_class, NULL };
static struct klua_lib lib = { .name = KBUILD_MODNAME, .classes = classes };

static unsigned int filter(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *hook)
{
	char why[128] = "";
	struct klua_value pass = KLUA_OPTIONAL_BOOLEAN(true);
	struct klua_call call = {
		.function = "policy", KLUA_ARGS(KLUA_ARG_OBJECT(&packet_class, skb)),
		.results = &pass, .nresults = 1, .error = why, .error_size = sizeof(why),
	};
	int err = klua_invoke(KBUILD_MODNAME, &call);

	if (err)
		pr_warn_ratelimited("a packet passes: %*pE (%pe)\n", (int)strlen(why),
				    why, ERR_PTR(err));
	return pass.boolean ? NF_ACCEPT : NF_DROP;
}

static const struct nf_hook_ops ops = {
	.hook = filter, .pf = NFPROTO_IPV4,
	.hooknum = NF_INET_LOCAL_IN, .priority = NF_IP_PRI_FILTER,
};

/*
 * Give all processors a new policy. A packet is judged by the old set of states or the
 * new one, which has its name only once all its states are built.
 */
static int set_policy(const char *text, size_t len, bool replace)
{
	static const char check[] = "assert(policy, 'it defines no function policy()')";
	struct klua_config config = {
		.name = KBUILD_MODNAME, .maxalloc = 1 << 20, .percpu = true, .replace = replace,
		KLUA_CHUNKS({ .text = text, .len = len, .name = "=policy" },
			    { .text = check, .len = strlen(check) }),
	};

	return klua_state_publish(&config);	/* on failure the log says why */
}

static ssize_t luapkt_write(struct file *file, const char __user *from, size_t len,
			    loff_t *pos)
{
	char *text = len > POLICY_MAX ? ERR_PTR(-E2BIG) : memdup_user(from, len);
	int err;

	if (IS_ERR(text))
		return PTR_ERR(text);
	err = set_policy(text, len, true);
	kfree(text);
	return err ?: len;
}

static const struct file_operations fops = { .owner = THIS_MODULE, .write = luapkt_write };

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR, .name = KBUILD_MODNAME, .mode = 0600, .fops = &fops,
};

static int __init luapkt_init(void)
{
	static const char all[] = "function policy() return true end";
	int err = klua_lib_register(&lib);

	if (err)
		return err;
	err = set_policy(all, strlen(all), false);
	if (err)
		goto err_lib;
	err = nf_register_net_hook(&init_net, &ops);
	if (err)
		goto err_states;
	err = misc_register(&device);
	if (!err)
		return 0;
	nf_unregister_net_hook(&init_net, &ops);
	synchronize_net();
err_states:
	klua_state_retire(klua_state_find(KBUILD_MODNAME));
err_lib:
	klua_lib_unregister(&lib);
	return err;
}

static void __exit luapkt_exit(void)
{
	misc_deregister(&device);
	nf_unregister_net_hook(&init_net, &ops);
	synchronize_net();	/* packets that have met the hook are through it */
	klua_state_retire(klua_state_find(KBUILD_MODNAME));
	klua_lib_unregister(&lib);
}

module_init(luapkt_init);
module_exit(luapkt_exit);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("Packets as Lua objects, with a state for each processor");
MODULE_LICENSE("GPL");
